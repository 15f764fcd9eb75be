// PostgreSQL's own parser (libpg_query, as WebAssembly), in an instance that can be replaced: one that has thrown
// anything but a syntax error may have lost its stack pointer, so it is never used again.

import { createRequire } from 'node:module'

/** The part of the module's interface that is used here. */
type ParserModule = {
  _malloc(bytes: number): number
  _free(pointer: number): void
  _wasm_parse_query_raw(query: number): number
  _wasm_free_parse_result(result: number): void
  lengthBytesUTF8(text: string): number
  stringToUTF8(text: string, pointer: number, bytes: number): void
  UTF8ToString(pointer: number): string
  getValue(pointer: number, type: 'i32'): number
  readonly HEAPU8: Uint8Array
}
type ParserFactory = (options: { print(line: string): void; printErr(line: string): void }) => Promise<ParserModule>

type RawStatement = { readonly stmt?: RawNode; readonly stmt_location?: number; readonly stmt_len?: number }

function spanOf({ stmt_location: start = 0, stmt_len: length = 0 }: RawStatement): Span {
  return { start, end: length === 0 ? null : start + length }
}

/** A node as the parser gives it: one key, its type, for each wrapped node; plain fields where the type is fixed. */
export type RawNode = { readonly [field: string]: unknown }

/** In UTF-8 bytes; `end` is null where the statement goes on to the end of the text, else a semicolon stands there. */
export type Span = { readonly start: number; readonly end: number | null }

export type Parsed =
  /** `spans` tell where each statement stands. */
  | { readonly kind: 'tree'; readonly statements: readonly RawNode[]; readonly spans: readonly Span[] }
  | { readonly kind: 'syntax-error'; readonly message: string }
  | { readonly kind: 'too-large' }
  | { readonly kind: 'broken' }

/** Beyond this, one tree would cost hundreds of megabytes of objects. */
export const MAX_TREE_CHARACTERS = 32 * 1024 * 1024

/** Memory of an instance grows and never shrinks. */
export const MAX_INSTANCE_BYTES = 128 * 1024 * 1024

const require = createRequire(import.meta.url)
let instance: ParserModule | null = null
let loading: Promise<void> | null = null

/** Has to be awaited once before the first parse; later calls cost nothing. */
export function loadParser(): Promise<void> {
  if (instance !== null) return Promise.resolve()
  loading ??= start().finally(() => {
    loading = null
  })
  return loading
}

async function start(): Promise<void> {
  const factory = require('libpg-query/wasm/libpg-query.js') as ParserFactory
  const silent = (): void => undefined
  instance = await factory({
    // What it would print may quote the statement.
    print: silent,
    printErr: silent,
  })
}

function replaceInstance(): void {
  instance = null
  // A failure shows at the next parse, which answers `broken` and tries again.
  loadParser().catch(() => undefined)
}

/** The bytes that the parser's instance holds now. */
export function parserBytes(): number {
  return instance?.HEAPU8.length ?? 0
}

/** Synchronous. The text holds no NUL; its nesting has been checked. Never throws. */
export function parse(text: string): Parsed {
  const parser = instance
  if (parser === null) {
    replaceInstance()
    return { kind: 'broken' }
  }
  try {
    const parsed = parseWith(parser, text)
    if (parser.HEAPU8.length > MAX_INSTANCE_BYTES) replaceInstance()
    return parsed
  } catch {
    replaceInstance()
    return { kind: 'broken' }
  }
}

function parseWith(parser: ParserModule, text: string): Parsed {
  const bytes = parser.lengthBytesUTF8(text) + 1
  const query = parser._malloc(bytes)
  if (query === 0) throw new Error('out of memory')
  parser.stringToUTF8(text, query, bytes)
  const result = parser._wasm_parse_query_raw(query)
  try {
    if (result === 0) throw new Error('out of memory')
    // struct PgQueryParseResult { char *parse_tree; char *stderr_buffer; PgQueryError *error; }
    const error = parser.getValue(result + 8, 'i32')
    if (error !== 0) {
      const message = parser.getValue(error, 'i32')
      return { kind: 'syntax-error', message: message === 0 ? 'syntax error' : parser.UTF8ToString(message) }
    }
    const json = parser.UTF8ToString(parser.getValue(result, 'i32'))
    if (json.length > MAX_TREE_CHARACTERS) return { kind: 'too-large' }
    const { stmts = [] } = JSON.parse(json) as { stmts?: readonly RawStatement[] }
    return { kind: 'tree', statements: stmts.map(({ stmt }) => stmt ?? {}), spans: stmts.map(spanOf) }
  } finally {
    parser._free(query)
    if (result !== 0) parser._wasm_free_parse_result(result)
  }
}
