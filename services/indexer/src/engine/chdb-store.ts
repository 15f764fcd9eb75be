// The embedded ClickHouse of this process. chdb keeps settings and parameters on a connection, so every request gets
// a connection of its own (half a millisecond): what one request sets, no other ever sees.

import type { Session } from 'chdb'
import { ENGINE_RESULT_BYTES } from './engine-configuration.ts'
import type { EngineRequest } from './http-request.ts'
import { Lane } from './lane.ts'

export const MAX_WAITING_READS = 64
export const MAX_WAITING_WRITES = 64
export const MAX_WAITING_QUESTIONS = 16

export type StoreResult = { readonly body: Buffer; readonly summary: Readonly<Record<string, string>> }

type Chdb = { readonly Session: new (path?: string, options?: { connectionArgs?: readonly string[] }) => Session }

export class ChdbStore {
  readonly #open: () => Session
  /** Keeps the engine up between requests. */
  readonly #anchor: Session
  readonly #reads = new Lane(MAX_WAITING_READS)
  readonly #writes = new Lane(MAX_WAITING_WRITES)
  /** Read-only requests are people's: what takes long here must not hold up the indexer. */
  readonly #questions = new Lane(MAX_WAITING_QUESTIONS)
  #requests = 0

  private constructor(open: () => Session) {
    this.#open = open
    this.#anchor = open()
  }

  /** Loads the engine and opens its data; throws where the library is missing or the folder is in use. */
  static async open(dataDir: string, configFile: string): Promise<ChdbStore> {
    const { Session } = (await import('chdb')) as Chdb
    return new ChdbStore(() => new Session(dataDir, { connectionArgs: [`--config-file=${configFile}`] }))
  }

  version(): string {
    return this.#anchor.query('SELECT version()', 'TSVRaw').trim()
  }

  /** `body` holds the rows of an INSERT. An aborted request that only reads is ended in the engine too. */
  run(request: EngineRequest, body: Buffer, signal: AbortSignal): Promise<StoreResult> {
    const { work } = request
    const reads = work.kind === 'statement' && work.reads
    const isQuestion = reads && request.settings.some(([name]) => name === 'readonly')
    const lane = isQuestion ? this.#questions : reads ? this.#reads : this.#writes
    return lane.run(async () => {
      signal.throwIfAborted()
      const tag = `request-${process.pid}-${++this.#requests}`
      const stop = (): void => this.#kill(tag)
      if (reads) signal.addEventListener('abort', stop, { once: true })
      const session = this.#open()
      try {
        prepare(session, request, tag)
        if (work.kind === 'insert') return await insert(session, work, body)
        const result = await statement(session, work.sql)
        if (result.body.length > maxAnswerBytes(request)) throw new AnswerTooLarge()
        return result
      } finally {
        signal.removeEventListener('abort', stop)
        session.close()
      }
    })
  }

  /** Waits for what runs, then closes. */
  async close(): Promise<void> {
    await Promise.all([this.#reads.idle(), this.#writes.idle(), this.#questions.idle()])
    this.#anchor.close()
  }

  /** Never SYNC: that waits for a query whose end this very thread has to take. */
  #kill(tag: string): void {
    const session = this.#open()
    session
      .queryAsync(`KILL QUERY WHERE Settings['log_comment'] = '${tag}' ASYNC`)
      .catch(() => undefined)
      .finally(() => session.close())
  }
}

/** A constant that is repeated is short for the engine, and long when it is written: its own limit lets that pass. */
export class AnswerTooLarge extends Error {}

function maxAnswerBytes({ settings }: EngineRequest): number {
  const stated = Number(settings.find(([name]) => name === 'max_result_bytes')?.[1] ?? 0)
  return stated > 0 ? Math.min(stated, ENGINE_RESULT_BYTES) : ENGINE_RESULT_BYTES
}

function prepare(session: Session, request: EngineRequest, tag: string): void {
  if (request.database !== null) session.query(`USE \`${request.database.replace(/[`\\]/g, '')}\``)
  const settings = [['log_comment', tag] as const, ...request.settings]
  session.query(`SET ${settings.map(([name, value]) => `${name} = ${quote(value)}`).join(', ')}`)
}

function quote(value: string): string {
  return `'${value.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`
}

async function insert(
  session: Session,
  work: { readonly table: string; readonly columns: readonly string[] | null; readonly format: string },
  body: Buffer,
): Promise<StoreResult> {
  const { rowsWritten, bytesWritten } = await session.insert({
    table: work.table,
    values: body,
    format: work.format as 'JSONEachRow',
    ...(work.columns === null ? {} : { columns: work.columns }),
  })
  return { body: Buffer.alloc(0), summary: { written_rows: String(rowsWritten), written_bytes: String(bytesWritten) } }
}

async function statement(session: Session, sql: string): Promise<StoreResult> {
  const result = await session.queryAsync(sql, { format: 'TabSeparated' })
  const bytes = result.bytes()
  return {
    body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
    summary: { read_rows: String(result.rowsRead), read_bytes: String(result.bytesRead) },
  }
}
