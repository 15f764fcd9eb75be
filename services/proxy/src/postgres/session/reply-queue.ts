// What the upstream still has to answer, in the order in which it was asked, injected messages included.

import type { OpenRequest } from '@sluice/session'
import type { AnalysisSlot } from '../masking/analysis-slot.ts'
import type { ErrorReport } from '../wire/encode.ts'
import type { TransactionStatus } from '../wire/message-types.ts'

export type ReplyTo =
  | 'query'
  | 'parse'
  | 'bind'
  | 'describe-statement'
  | 'describe-portal'
  | 'execute'
  | 'close'
  | 'sync'
  /** A message that fails, sent where a refused one stood; `query` answers with ReadyForQuery of its own. */
  | 'refused-query'
  | 'refused-message'
  /** A message of the gateway's own, and the Sync behind it. */
  | 'own'
  | 'own-sync'

/** One message of our own whose answer is due; `replies.ts` drives it. */
export interface OwnStep {
  /** The type of the message that completes it. */
  readonly completedBy: number
  row(bytes: Buffer): void
  completed(): void
  failed(message: Buffer): void
  /** On Sync: ready again. */
  ready(status: TransactionStatus): void
  ignored(): void
}

/** What a session that masks has to know of one answer. */
export type MaskedReply = {
  /** Of a Parse that is analysed: gets what the server prints of it. */
  readonly slot: AnalysisSlot | null
  /** Of a statement that was analysed before: a tree that comes unasked must lead to the same decision. */
  readonly confirms: ((dump: string) => boolean) | null
  /** Masks the rows; null where all of them may be seen. */
  readonly rows: RowsMask | null
  /** Texts of errors and notices come from our own table. */
  readonly rebuilds: boolean
}

/** Nothing in it is sensitive. */
export const AS_IT_IS: MaskedReply = { slot: null, confirms: null, rows: null, rebuilds: false }

/** Throws RowUnexpected for what is not the row that was expected. */
export interface RowsMask {
  /** The CopyOutResponse in front of a COPY's rows. */
  opened?(message: Buffer): void
  /** Whole DataRow messages, or whole CopyData messages. */
  rows(run: Buffer): Buffer
  /** How many values were masked, by tag. */
  readonly counts: ReadonlyMap<string, number>
}

/** Keeps back how a held command ended until it is certain that it stays. */
export interface Gate {
  /** Its last message: what the client is told later. */
  completed(bytes: Buffer): void
  /** It failed, which the client was told. */
  failed(sqlState: string): void
  /** To a simple query: the upstream is ready again, which the client is told later. */
  ready(status: TransactionStatus): void
}

export type ExpectedReply = {
  readonly to: ReplyTo
  /** The request that this reply belongs to. */
  readonly request: OpenRequest | null
  /** Whether the request ends with this reply. */
  readonly last: boolean
  /** Called when the upstream confirms, with its words: twice for a statement that has parameters to describe. */
  readonly confirmed: ((by: Buffer) => void) | null
  /** For refused ones: what the client is told. */
  readonly report: ErrorReport | null
  readonly own: OwnStep | null
  readonly gate: Gate | null
  /** The client did not ask for it: of its answers only a RowDescription and errors are delivered. */
  readonly hidden: boolean
  /** Null where nothing is masked. */
  readonly masked: MaskedReply | null
  readonly epoch: number
}

/** A server keeps back replies that fill less than 8 KB: waiting for fewer than these could last forever. */
const MIN_PIPELINED = 4 * 1024

/** A queue on one array: shifting an array of thousands for each reply would cost more than the reply. */
export class ReplyQueue {
  #items: (ExpectedReply | undefined)[] = []
  #first = 0
  #syncs = 0
  /** After an error in the extended protocol the upstream ignores everything up to Sync. */
  skipping = false

  readonly #maxPipelined: number

  constructor(pipelinedRequests: number) {
    this.#maxPipelined = Math.max(pipelinedRequests, MIN_PIPELINED)
  }

  /** So many replies are to come that what the client sends next is left with the client. */
  get full(): boolean {
    return this.length >= this.#maxPipelined
  }

  /** Whether it is worth while to go on after it was full. */
  get hasRoom(): boolean {
    return this.length < this.#maxPipelined / 2
  }

  /** Whether the upstream ignores what it is sent now: it skips, and no Sync is on its way. */
  get ignores(): boolean {
    return this.skipping && this.#syncs === 0
  }

  get length(): number {
    return this.#items.length - this.#first
  }

  get head(): ExpectedReply | undefined {
    return this.#items[this.#first]
  }

  push(reply: ExpectedReply): void {
    if (reply.to === 'sync' || reply.to === 'own-sync') this.#syncs++
    this.#items.push(reply)
  }

  shift(): ExpectedReply | undefined {
    const head = this.#items[this.#first]
    if (head === undefined) return undefined
    if (head.to === 'sync' || head.to === 'own-sync') this.#syncs--
    this.#items[this.#first++] = undefined
    if (this.#first === this.#items.length) {
      this.#items = []
      this.#first = 0
    } else if (this.#first >= 1024) {
      this.#items = this.#items.slice(this.#first)
      this.#first = 0
    }
    return head
  }

  /** The upstream skips to a Sync of the client's: what the gateway waits for before it has no answer. */
  ignoreWaits(sqlState: string): void {
    const waits: ExpectedReply[] = []
    for (let index = this.#first; index < this.#items.length; index++) {
      const reply = this.#items[index] as ExpectedReply
      if (reply.to === 'own-sync') return
      if (reply.to === 'sync') break
      if (reply.own !== null || reply.gate !== null || reply.masked?.slot) waits.push(reply)
    }
    for (const { own, gate, masked } of waits) {
      masked?.slot?.ignored()
      own?.ignored()
      gate?.failed(sqlState)
    }
  }

  /** Takes everything, for the end of the session. */
  *drain(): Generator<ExpectedReply> {
    for (let item = this.shift(); item !== undefined; item = this.shift()) yield item
  }
}
