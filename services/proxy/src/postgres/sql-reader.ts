// Reads the statements of a connection's sessions: what they access, and how they are recorded. What was read once is
// kept for all sessions of the connection.

import type { RawSegment } from '@sluice/events'
import type { SqlAction } from '@sluice/policy'
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
import type { DatabaseNames } from './upstream/database-names.ts'

/** Objects, arrays and Buffers of one entry, and of each of its segments, roughly. */
const ENTRY_BYTES = 600
const SEGMENT_BYTES = 200

/** Sessions keep theirs; one is made again when it is needed again. */
const MAX_CACHES = 64

/** What can't change how the texts behind it are read. */
const UNCHANGING: ReadonlySet<SqlAction> = new Set(['sql:read', 'sql:transaction', 'sql:session'])

function sizeOf(read: ReadStatement): number {
  const segments = read.segments.reduce((sum, segment) => sum + SEGMENT_BYTES + segment.bytes.length, 0)
  return ENTRY_BYTES + segments + 64 * read.access.resources.length
}

export type ReaderOptions = {
  readonly connection: string
  readonly serverMajor: number
  readonly names: DatabaseNames
  /** The session masks: what its statements do is decided by their trees. */
  readonly lineage: boolean
}

export class SqlReader implements StatementReader {
  readonly #options: ReaderOptions
  readonly #large: LargeAnalyzer
  readonly #cache: TextCache<ReadStatement>

  constructor(
    options: ReaderOptions,
    shared: { readonly large: LargeAnalyzer; readonly cache: TextCache<ReadStatement> },
  ) {
    this.#options = options
    this.#large = shared.large
    this.#cache = shared.cache
  }

  read(text: string): ReadStatement | Promise<ReadStatement> {
    const cached = this.#cache.get(text)
    if (cached !== undefined) return cached
    const options = this.#options
    if (text.length <= MAX_INLINE_CHARACTERS) return this.#keep(text, analyzeStatement(text, options))
    return this.#large.analyze(text, options).then((analysis) => this.#keep(text, analysis))
  }

  #keep(text: string, analysis: Analysis): ReadStatement {
    const { connection, names, lineage } = this.#options
    const segments: readonly RawSegment[] = cutLiterals(text)
    const access = accessOf(analysis, { connection, schemas: names.schemas, own: names })
    // Several are refused by their access.
    const [name] = analysis.kind === 'parsed' ? deallocated(analysis.statements) : []
    const read: ReadStatement = {
      access,
      segments,
      ...carried(analysis, lineage),
      deallocates: name === null ? ALL_NAMES : (name ?? null),
      changes: access.actions.some((action) => !UNCHANGING.has(action)),
      source: null,
    }
    // A mistyped text is rarely sent twice, and what failed for time or a restarted parser may work the next time.
    if (analysis.kind === 'parsed') this.#cache.set(text, read)
    return read
  }
}

/** What a session that masks has to know besides. */
function carried(analysis: Analysis, lineage: boolean): Pick<ReadStatement, 'needsTree' | 'parts' | 'utility'> {
  if (!lineage || analysis.kind !== 'parsed') return { needsTree: false, parts: null, utility: null }
  const { statements, parts } = analysis
  const [only] = statements
  if (only === undefined || statements.length > 1) {
    return { needsTree: false, parts: parts.length > 1 ? parts.map(({ text }) => text) : null, utility: null }
  }
  const utility = only.kind === 'command' || only.kind === 'session' ? only.utility : null
  return { needsTree: only.kind === 'command' && utility === null, parts: null, utility }
}

/** The readers of all connections, with what they share. The parser has been loaded before (`loadParser`). */
export class SqlReaders {
  readonly #large = new LargeAnalyzer()
  readonly #caches = new Map<string, TextCache<ReadStatement>>()

  /** Servers of different versions read some texts differently, and a name is another table on another search path. */
  readerFor(options: ReaderOptions): SqlReader {
    const { connection, serverMajor, names, lineage } = options
    const key = `${serverMajor} ${lineage} ${names.digest} ${connection}`
    let cache = this.#caches.get(key)
    if (cache === undefined) {
      cache = new TextCache(sizeOf)
      const [oldest] = this.#caches.keys()
      if (this.#caches.size >= MAX_CACHES && oldest !== undefined) this.#caches.delete(oldest)
      this.#caches.set(key, cache)
    }
    return new SqlReader(options, { large: this.#large, cache })
  }

  close(): Promise<void> {
    return this.#large.close()
  }
}
