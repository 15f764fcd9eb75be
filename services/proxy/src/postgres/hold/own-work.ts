// Statements of the gateway's own between the client's, on the client's upstream session: to see what a held command
// would touch, and to put a transaction around it. Their answers are read here and never reach the client.

import type { GovernedUpstream, Session } from '@sluice/session'
import type { OwnStep, ReplyQueue } from '../session/reply-queue.ts'
import { BodyReader, decodeReport } from '../wire/decode.ts'
import * as encode from '../wire/encode.ts'
import { HEADER_BYTES, SERVER, type TransactionStatus } from '../wire/message-types.ts'

/** A name of its own, for statement and portal. Clients may not use names that begin like this. */
export const OWN_NAME_PREFIX = 'sluice_'
const OWN_NAME = `${OWN_NAME_PREFIX}own`

/** What the gateway asks is small; more than this is a mistake. */
const MAX_RESULT_BYTES = 4 * 1024 * 1024

export type OwnStatement = {
  readonly text: string
  /** Texts of the parameters, or Bind's own bytes behind the two names: formats, values, result formats. */
  readonly parameters: readonly (string | null)[] | { readonly types: Buffer; readonly bound: Buffer }
}

export type OwnResult =
  | {
      readonly kind: 'done'
      /** For each statement its rows, each column as text. */
      readonly results: readonly (readonly (readonly (string | null)[])[])[]
      /** Null where it ended with Flush: then the upstream did not say. */
      readonly status: TransactionStatus | null
    }
  | { readonly kind: 'failed'; readonly fields: ReadonlyMap<string, string>; readonly status: TransactionStatus | null }
  /** Something that the client sent before failed: the upstream ignores everything up to the client's Sync. */
  | { readonly kind: 'ignored' }

export class OwnWork {
  readonly #session: Session
  readonly #upstream: GovernedUpstream
  readonly #queue: ReplyQueue
  readonly #expectStep: (step: OwnStep, isSync: boolean) => void
  readonly #enlist: () => void

  constructor(parts: {
    readonly session: Session
    readonly upstream: GovernedUpstream
    readonly queue: ReplyQueue
    readonly expect: (step: OwnStep, isSync: boolean) => void
    /** What was queued is to be sent at the end of this turn. */
    readonly enlist: () => void
  }) {
    this.#session = parts.session
    this.#upstream = parts.upstream
    this.#queue = parts.queue
    this.#expectStep = parts.expect
    this.#enlist = parts.enlist
  }

  /**
   * Runs the statements one after the other. With `sync` they end what the client left open, so it must have nothing
   * open; with `flush` they become part of it. Never rejects; does not settle when the session ends before.
   */
  run(statements: readonly OwnStatement[], end: 'sync' | 'flush'): Promise<OwnResult> {
    const work = new Work(end)
    if (this.#queue.ignores) {
      work.ignored()
      return work.result
    }
    for (const statement of statements) {
      this.#send(messagesOf(statement, OWN_NAME))
      const rows = work.newRows()
      this.#expect(work, SERVER.closeComplete, null)
      this.#expect(work, SERVER.closeComplete, null)
      this.#expect(work, SERVER.parseComplete, null)
      this.#expect(work, SERVER.bindComplete, null)
      this.#expect(work, SERVER.commandComplete, rows)
      this.#expect(work, SERVER.closeComplete, null)
      this.#expect(work, SERVER.closeComplete, null)
    }
    this.#send(end === 'sync' ? encode.sync : encode.flush)
    if (end === 'sync') this.#expectStep(work.step(SERVER.readyForQuery, null), true)
    else work.lastExpected()
    this.#enlist()
    return work.result
  }

  #expect(work: Work, completedBy: number, rows: RowCollector | null): void {
    this.#expectStep(work.step(completedBy, rows), false)
  }

  #send(bytes: Buffer): void {
    const { permit, frame } = this.#session.housekeeping()
    this.#upstream.queue(permit, frame, [bytes])
  }
}

/** `name`: of statement and portal. Answered by two of Close, Parse, Bind, Execute, and two of Close. */
export function messagesOf({ text, parameters }: OwnStatement, name: string): Buffer {
  const [types, bound] =
    'bound' in parameters ? [parameters.types, parameters.bound] : [encode.noTypes, encode.textParameters(parameters)]
  return Buffer.concat([
    // What failed before was not closed: a failed transaction keeps its portals, and no ROLLBACK could be bound.
    encode.close('portal', name),
    encode.close('statement', name),
    encode.parse(name, text, types),
    encode.bind(name, name, bound),
    encode.execute(name),
    encode.close('portal', name),
    encode.close('statement', name),
  ])
}

class RowCollector {
  #pieces: Buffer[] = []
  #bytes = 0

  push(piece: Buffer): void {
    this.#bytes += piece.length
    // A copy: what arrived shares its memory with what the client is still to get.
    if (this.#bytes <= MAX_RESULT_BYTES) this.#pieces.push(Buffer.from(piece))
  }

  /** Each row's columns as text. */
  rows(): (string | null)[][] {
    if (this.#bytes > MAX_RESULT_BYTES) return []
    const bytes = Buffer.concat(this.#pieces)
    const rows: (string | null)[][] = []
    for (let at = 0; at + HEADER_BYTES <= bytes.length; at += bytes.readUInt32BE(at + 1) + 1) {
      const body = new BodyReader(bytes.subarray(at, at + bytes.readUInt32BE(at + 1) + 1))
      const columns = body.uint16()
      rows.push(
        Array.from({ length: columns }, () => {
          const length = body.int32()
          return length < 0 ? null : body.bytes(length).toString('utf8')
        }),
      )
    }
    return rows
  }
}

/** One run: steps in the order of their answers. */
class Work {
  readonly result: Promise<OwnResult>
  readonly #settle: (result: OwnResult) => void
  readonly #end: 'sync' | 'flush'
  readonly #collectors: RowCollector[] = []
  #failure: ReadonlyMap<string, string> | null = null
  #due = 0
  #allExpected = false

  constructor(end: 'sync' | 'flush') {
    const { promise, resolve } = Promise.withResolvers<OwnResult>()
    this.result = promise
    this.#settle = resolve
    this.#end = end
  }

  newRows(): RowCollector {
    const collector = new RowCollector()
    this.#collectors.push(collector)
    return collector
  }

  lastExpected(): void {
    this.#allExpected = true
  }

  ignored(): void {
    this.#settle({ kind: 'ignored' })
  }

  step(completedBy: number, rows: RowCollector | null): OwnStep {
    this.#due++
    return {
      completedBy,
      row: (bytes) => rows?.push(bytes),
      completed: () => {
        this.#due--
        if (this.#allExpected && this.#due === 0) this.#done(null)
      },
      failed: (message) => {
        this.#failure ??= decodeReport(message)
        if (this.#end === 'flush') this.#settle({ kind: 'failed', fields: this.#failure, status: null })
      },
      ready: (status) => this.#done(status),
      ignored: () => this.ignored(),
    }
  }

  #done(status: TransactionStatus | null): void {
    if (this.#failure !== null) return this.#settle({ kind: 'failed', fields: this.#failure, status })
    this.#settle({ kind: 'done', results: this.#collectors.map((collector) => collector.rows()), status })
  }
}
