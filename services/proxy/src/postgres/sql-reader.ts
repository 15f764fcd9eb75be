// Reads the statements of a connection's sessions: what they access, and how they are recorded. What was read once is
// kept for all sessions of the connection.

import type { RawSegment } from '@sluice/events'
import {
  type Analysis,
  accessOf,
  analyzeStatement,
  cutLiterals,
  deallocated,
  LargeAnalyzer,
  MAX_INLINE_CHARACTERS,
} from '@sluice/sql'
import { ALL_NAMES } from './session/name-registry.ts'
import type { ReadStatement, StatementReader } from './session/statements.ts'
import { TextCache } from './text-cache.ts'

/** Objects, arrays and Buffers of one entry, and of each of its segments, roughly. */
const ENTRY_BYTES = 600
const SEGMENT_BYTES = 200

function sizeOf(read: ReadStatement): number {
  const segments = read.segments.reduce((sum, segment) => sum + SEGMENT_BYTES + segment.bytes.length, 0)
  return ENTRY_BYTES + segments + 64 * read.access.resources.length
}

export class SqlReader implements StatementReader {
  readonly #connection: string
  readonly #serverMajor: number
  readonly #large: LargeAnalyzer
  readonly #cache: TextCache<ReadStatement>

  constructor(
    connection: string,
    serverMajor: number,
    shared: { readonly large: LargeAnalyzer; readonly cache: TextCache<ReadStatement> },
  ) {
    this.#connection = connection
    this.#serverMajor = serverMajor
    this.#large = shared.large
    this.#cache = shared.cache
  }

  read(text: string): ReadStatement | Promise<ReadStatement> {
    const cached = this.#cache.get(text)
    if (cached !== undefined) return cached
    const options = { serverMajor: this.#serverMajor }
    if (text.length <= MAX_INLINE_CHARACTERS) return this.#keep(text, analyzeStatement(text, options))
    return this.#large.analyze(text, options).then((analysis) => this.#keep(text, analysis))
  }

  #keep(text: string, analysis: Analysis): ReadStatement {
    const segments: readonly RawSegment[] = cutLiterals(text)
    const access = accessOf(analysis, this.#connection)
    // Several are refused by their access.
    const [name] = analysis.kind === 'parsed' ? deallocated(analysis.statements) : []
    const read: ReadStatement = { access, segments, deallocates: name === null ? ALL_NAMES : (name ?? null) }
    // A mistyped text is rarely sent twice, and what failed for time or a restarted parser may work the next time.
    if (analysis.kind === 'parsed') this.#cache.set(text, read)
    return read
  }
}

/** The readers of all connections, with what they share. The parser has been loaded before (`loadParser`). */
export class SqlReaders {
  readonly #large = new LargeAnalyzer()
  readonly #caches = new Map<string, TextCache<ReadStatement>>()

  /** Servers of different versions read some texts differently. */
  readerFor(connection: string, serverMajor: number): SqlReader {
    const key = `${serverMajor} ${connection}`
    let cache = this.#caches.get(key)
    if (cache === undefined) {
      cache = new TextCache(sizeOf)
      this.#caches.set(key, cache)
    }
    return new SqlReader(connection, serverMajor, { large: this.#large, cache })
  }

  close(): Promise<void> {
    return this.#large.close()
  }
}
