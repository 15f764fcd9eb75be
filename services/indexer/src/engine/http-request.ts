// One request of ClickHouse's HTTP interface, read into what the engine shall do. A subset: one statement a request,
// settings and bound parameters in the address, rows of an INSERT in the body.

import { type ExceptionReply, engineException } from './exception-reply.ts'

export type EngineRequest = {
  readonly database: string | null
  readonly queryId: string | null
  /** In the order in which they are set; `readonly` last, since nothing can be set after it. */
  readonly settings: readonly (readonly [name: string, value: string])[]
  readonly work:
    | {
        readonly kind: 'insert'
        readonly table: string
        readonly columns: readonly string[] | null
        readonly format: string
      }
    | { readonly kind: 'statement'; readonly sql: string; readonly reads: boolean }
}

export type ParsedRequest =
  | { readonly ok: true; readonly request: EngineRequest }
  | { readonly ok: false; readonly reply: ExceptionReply }

export const MAX_SQL_BYTES = 1_048_576
export const MAX_SETTINGS = 200

/** In the address, and no settings. */
const NOT_SETTINGS = new Set([
  'query',
  'database',
  'query_id',
  'wait_end_of_query',
  'default_format',
  'buffer_size',
  'compress',
])
/** Of the interface's own, and meant for a server with users and sessions. */
const REFUSED = new Set(['session_id', 'role', 'user', 'password', 'quota_key', 'decompress'])
const NAME = /^[A-Za-z_][A-Za-z0-9_.]{0,127}$/
const INSERT =
  /^\s*INSERT\s+INTO\s+(?:TABLE\s+)?((?:[A-Za-z_]\w*\.)?[A-Za-z_]\w*)\s*(?:\(([^()]*)\)\s*)?FORMAT\s+(\w+)\s*;?\s*$/i
const READS = /^\s*(?:SELECT|WITH|EXPLAIN|SHOW|DESCRIBE|DESC|EXISTS|\()/i
const QUOTED_OR_COMMENT =
  /'(?:\\[\s\S]|''|[^'\\])*'|"(?:\\[\s\S]|""|[^"\\])*"|`(?:\\[\s\S]|``|[^`\\])*`|--[^\n]*|\/\*[\s\S]*?\*\/|\$(\w*)\$[\s\S]*?\$\1\$/g

export function parseRequest(method: string, parameters: URLSearchParams, body: Buffer): ParsedRequest {
  const settings = readSettings(parameters)
  if (!Array.isArray(settings)) return { ok: false, reply: settings }
  const inAddress = parameters.get('query')
  const common = { database: parameters.get('database'), queryId: parameters.get('query_id') }
  const insert = inAddress === null ? null : INSERT.exec(inAddress)
  if (insert !== null) {
    if (method !== 'POST') return refuse(164, 'Cannot insert by GET.', 'READONLY')
    const columns = insert[2]?.split(',').map((column) => column.trim().replace(/^["`](.*)["`]$/, '$1')) ?? null
    const bad = columns?.find((column) => !NAME.test(column))
    if (bad !== undefined) return refuse(62, 'A column of the INSERT has an unusual name.', 'SYNTAX_ERROR')
    const work = { kind: 'insert', table: insert[1] ?? '', columns, format: insert[3] ?? '' } as const
    return { ok: true, request: { ...common, settings, work } }
  }
  if (body.length > MAX_SQL_BYTES)
    return refuse(62, `The statement has more than ${MAX_SQL_BYTES} bytes.`, 'SYNTAX_ERROR')
  const sql = [inAddress ?? '', body.toString('utf8')]
    .filter((part) => part !== '')
    .join('\n')
    .replace(/[;\s]+$/, '')
  if (sql === '') return refuse(62, 'Empty query.', 'SYNTAX_ERROR')
  if (hasSeveralStatements(sql)) return refuse(62, 'Multi-statements are not allowed.', 'SYNTAX_ERROR')
  // As on a server: what comes by GET may not change anything.
  const asRead = method === 'POST' ? settings : [...settings, ['readonly', '2'] as const]
  return {
    ok: true,
    request: { ...common, settings: asRead, work: { kind: 'statement', sql, reads: READS.test(sql) } },
  }
}

function readSettings(parameters: URLSearchParams): (readonly [string, string])[] | ExceptionReply {
  const settings: (readonly [string, string])[] = []
  const last: (readonly [string, string])[] = []
  for (const [name, value] of parameters) {
    if (NOT_SETTINGS.has(name)) continue
    if (REFUSED.has(name)) {
      return engineException(
        115,
        `The embedded engine has no ${name}; use a ClickHouse server for it.`,
        'UNKNOWN_SETTING',
      )
    }
    if (!NAME.test(name)) return engineException(115, 'A setting has an unusual name.', 'UNKNOWN_SETTING')
    ;(name === 'readonly' ? last : settings).push([name, value])
  }
  if (settings.length > MAX_SETTINGS)
    return engineException(115, `There are more than ${MAX_SETTINGS} settings.`, 'UNKNOWN_SETTING')
  return [...settings, ...last]
}

/** The library would run one after another what stands between semicolons; the server's interface takes one. */
function hasSeveralStatements(sql: string): boolean {
  return sql.replace(QUOTED_OR_COMMENT, ' ').includes(';')
}

function refuse(code: number, message: string, name: string): ParsedRequest {
  return { ok: false, reply: engineException(code, message, name) }
}
