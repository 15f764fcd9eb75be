// A short session of the gateway's own on an upstream, for questions to its catalog: simple queries, text answers,
// bounded in time and size.

import { createHash } from 'node:crypto'
import { PeerInvalid, UpstreamFailed } from '@sluice/events'
import { ByteReader } from '../handshake/byte-reader.ts'
import { connectUpstream, type Upstream, type UpstreamAddress, type UpstreamLogin } from '../upstream/connect.ts'
import { GUARDED_SETTINGS } from '../upstream/guarded-settings.ts'
import { BodyReader, decodeReport } from '../wire/decode.ts'
import * as encode from '../wire/encode.ts'
import { CLIENT, SERVER } from '../wire/message-types.ts'

/** A row of the catalog: the largest are the trees of views. */
const MAX_ROW_BYTES = 16 * 1024 * 1024
/** All answers of a session. */
const MAX_SESSION_BYTES = 256 * 1024 * 1024

/** Names mean PostgreSQL's own, whatever the role's or the database's settings say. */
const SETTINGS: ReadonlyMap<string, string> = new Map([
  ...GUARDED_SETTINGS,
  ['search_path', 'pg_catalog, pg_temp'],
  ['application_name', 'sluice catalog'],
  ['default_transaction_read_only', 'on'],
  // For the server's sake: who asked may be gone.
  ['statement_timeout', '60000'],
  ['extra_float_digits', '1'],
  ['DateStyle', 'ISO'],
  // Rows come in the order in which they came before.
  ['synchronize_seqscans', 'off'],
])

export type CatalogRow = readonly (string | null)[]

/** Rows as they came: most of the time they say what they said before, and nobody has to read them. */
export class CatalogAnswer {
  readonly #messages: readonly Buffer[]

  constructor(messages: readonly Buffer[]) {
    this.#messages = messages
  }

  /** Throws UpstreamFailed. */
  rows(): readonly CatalogRow[] {
    return this.#messages.map(rowOf)
  }

  /** The same for the same rows in the same order. */
  digest(): string {
    const hash = createHash('sha256')
    for (const message of this.#messages) hash.update(message)
    return hash.digest('base64')
  }
}

export class CatalogSession {
  readonly #upstream: Upstream
  readonly #reader: ByteReader
  #bytesLeft = MAX_SESSION_BYTES

  /** Throws UpstreamFailed. `signal` ends the session too, whatever it is doing then. */
  static async open(
    address: UpstreamAddress,
    login: Omit<UpstreamLogin, 'settings'>,
    signal: AbortSignal,
  ): Promise<CatalogSession> {
    const upstream = await connectUpstream(address, { ...login, settings: SETTINGS }, signal)
    return new CatalogSession(upstream, signal)
  }

  private constructor(upstream: Upstream, signal: AbortSignal) {
    this.#upstream = upstream
    this.#reader = new ByteReader(upstream.socket)
    upstream.socket.resume()
    const late = (): void => {
      upstream.socket.destroy(new UpstreamFailed('upstream_timeout', 'the upstream did not tell its catalog in time'))
    }
    if (signal.aborted) late()
    else signal.addEventListener('abort', late, { once: true })
    upstream.socket.once('close', () => signal.removeEventListener('abort', late))
  }

  /** What one statement answers. Throws UpstreamFailed. */
  async ask(sql: string): Promise<CatalogAnswer> {
    this.#upstream.socket.write(encode.query(sql))
    const rows: Buffer[] = []
    let refused: UpstreamFailed | null = null
    for (;;) {
      const { type, bytes } = await this.#message()
      switch (type) {
        case SERVER.dataRow:
          rows.push(bytes)
          break
        case SERVER.error:
          refused = new UpstreamFailed(
            'upstream_catalog',
            `the upstream does not tell its catalog (SQLSTATE ${decodeReport(bytes).get('C') ?? 'XX000'}); the gateway's role must be able to read pg_catalog`,
          )
          break
        case SERVER.readyForQuery:
          if (refused !== null) throw refused
          return new CatalogAnswer(rows)
        default:
        // Descriptions, tags, notices and reports of settings: nothing in them is needed.
      }
    }
  }

  close(): void {
    const { socket } = this.#upstream
    if (!socket.destroyed) socket.end(encode.message(CLIENT.terminate))
    // Whatever the server still says: nobody listens.
    socket.on('error', () => undefined)
    socket.resume()
    setTimeout(() => socket.destroy(), CLOSE_MS).unref()
  }

  async #message(): Promise<{ readonly type: number; readonly bytes: Buffer }> {
    try {
      const message = await this.#reader.readMessage(Math.min(MAX_ROW_BYTES, this.#bytesLeft))
      this.#bytesLeft -= message.bytes.length
      return message
    } catch (cause) {
      if (cause instanceof UpstreamFailed) throw cause
      const large = cause instanceof PeerInvalid && cause.code === 'message_length'
      throw large
        ? new UpstreamFailed('catalog_size', "the upstream's catalog is larger than what may be read of it", { cause })
        : new UpstreamFailed('upstream_closed', 'the upstream closed the connection', { cause })
    }
  }
}

const CLOSE_MS = 1_000

function rowOf(message: Buffer): CatalogRow {
  const body = new BodyReader(message)
  const count = body.uint16()
  const fields: (string | null)[] = []
  for (let index = 0; index < count && !body.broken; index++) {
    const length = body.int32()
    fields.push(length === -1 ? null : body.bytes(length).toString('utf8'))
  }
  if (body.broken || !body.done) throw new UpstreamFailed('upstream_protocol', 'the upstream sent a malformed row')
  return fields
}
