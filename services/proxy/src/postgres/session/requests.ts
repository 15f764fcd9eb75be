// What a client asks, message by message.

import type { OpenRequest } from '@sluice/session'
import { heldQuery } from '../hold/held-messages.ts'
import type { Holds } from '../hold/hold.ts'
import { virtualStatement } from '../masking/virtual-settings.ts'
import type { ClientMessage } from '../wire/client-framer.ts'
import { decodeParse, decodeQuery } from '../wire/decode.ts'
import { parse as encodeParse } from '../wire/encode.ts'
import { CLIENT } from '../wire/message-types.ts'
import type { Analyses } from './analyses.ts'
import type { Delivery } from './delivery.ts'
import { ExtendedRequests } from './extended-requests.ts'
import type { Handled, RequestLimits } from './handled.ts'
import { MaskedQueries } from './masked-queries.ts'
import { READING_CHANGED, type ReadingGuard, type Standing } from './reading-guard.ts'
import type { Gate } from './reply-queue.ts'
import type { ReadStatement, StatementReader } from './statements.ts'
import { HeldSubmission, type Submissions } from './submissions.ts'
import { CANCEL } from './unreadable-requests.ts'
import { virtualStatementIn } from './virtual-statements.ts'

export type RequestParts = {
  readonly submissions: Submissions
  readonly reader: StatementReader
  readonly holds: Holds
  readonly guard: ReadingGuard
  readonly delivery: Delivery
  /** Null where the session masks nothing. */
  readonly analyses: Analyses | null
}

type TextMessage = Extract<ClientMessage, { readonly bytes: Buffer }>

const DONE = 'done'
const NOTHING: readonly never[] = []

export class Requests {
  readonly #submissions: Submissions
  readonly #reader: StatementReader
  readonly #holds: Holds
  readonly #guard: ReadingGuard
  readonly #extended: ExtendedRequests
  /** Null where the session masks nothing. */
  readonly #script: MaskedQueries | null
  #ended = false

  constructor(parts: RequestParts, limits: RequestLimits) {
    this.#submissions = parts.submissions
    this.#reader = parts.reader
    this.#holds = parts.holds
    this.#guard = parts.guard
    this.#extended = new ExtendedRequests(parts, limits)
    const { analyses } = parts
    const { masked: portals } = this.#extended
    this.#script =
      analyses === null || portals === null
        ? null
        : new MaskedQueries({ ...parts, analyses, portals, extended: this.#extended })
  }

  /** The upstream is ready after `epoch`. */
  ready(epoch: number, idle: boolean): void {
    this.#submissions.ready(epoch)
    this.#guard.ready(epoch, idle)
    this.#extended.ready(epoch, idle)
  }

  handle(message: ClientMessage): Handled | Promise<Handled> {
    if (message.kind === 'violation') return { violation: message.reason }
    if (message.kind === 'oversized') return this.#extended.refusals.oversized(message)
    const { type, bytes } = message
    if (this.#submissions.discarding && type !== CLIENT.sync && type !== CLIENT.terminate) return DONE
    switch (type) {
      case CLIENT.query:
      case CLIENT.parse:
        return this.#text(message)
      case CLIENT.bind:
        return this.#extended.bind(bytes)
      case CLIENT.execute:
        return this.#extended.execute(bytes)
      case CLIENT.describe:
        return this.#extended.describe(bytes)
      case CLIENT.close:
        return this.#extended.close(bytes)
      case CLIENT.sync:
        return this.#extended.sync(bytes)
      case CLIENT.flush:
        void this.#extended.endGroup()
        this.#submissions.housekeeping(bytes)
        return DONE
      case CLIENT.terminate:
        void this.#extended.endGroup()
        return 'terminate'
      case CLIENT.functionCall: {
        const { refusals } = this.#extended
        return refusals.refuse(type, 'function_call', 'calling a function without a statement is not allowed')
      }
      case CLIENT.copyData:
      case CLIENT.copyDone:
      case CLIENT.copyFail:
        // No COPY is under way; a server ignores these too, since a client may have sent them before it saw the error.
        return DONE
      default:
        return { violation: `message type 0x${type.toString(16)} is not expected here` }
    }
  }

  /** The session is over: what is still being read or put together is neither recorded nor sent. */
  end(): void {
    this.#ended = true
    this.#extended.end()
  }

  dropIgnored(): boolean {
    return this.#extended.dropIgnored()
  }

  /** A cancel request for this session, which came on a connection of its own. True: go ahead once it is recorded. */
  cancel(): boolean {
    return this.#submissions.cancel(CANCEL)
  }

  endTurn(): void {
    this.#extended.endTurn()
  }

  #text(message: TextMessage): Handled | Promise<Handled> {
    // Asked first: the rest of a frame that is being put together belongs in front of this.
    void this.#extended.endGroup()
    if (this.#submissions.discarding) return DONE
    if (this.#guard.suspects) {
      const standing = this.#guard.check()
      if (standing instanceof Promise) return standing.then((now) => this.#afterCheck(now, message))
      return this.#afterCheck(standing, message)
    }
    return message.type === CLIENT.query ? this.#query(message.bytes) : this.#parse(message.bytes)
  }

  #afterCheck(standing: Standing, message: TextMessage): Handled | Promise<Handled> {
    if (this.#ended) return DONE
    switch (standing) {
      case 'stands':
        return this.handle(message)
      // What it waits for is never answered where the server ignores it, up to a Sync that is still to come.
      case 'wait':
      case 'ignored':
        return this.dropIgnored() ? DONE : 'later'
      case 'changed':
        return READING_CHANGED
      default:
        return standing satisfies never
    }
  }

  #query(bytes: Buffer): Handled | Promise<Handled> {
    const body = decodeQuery(bytes)
    const { refusals } = this.#extended
    if (body === null) return refusals.malformed(CLIENT.query, 'Query')
    const { text } = body
    if (text === null) return refusals.text(CLIENT.query, bytes)
    const virtual = this.#script === null ? null : virtualStatementIn(text)
    return this.#whenRead(this.#reader.read(text), (statement) => {
      if (virtual !== null && this.#script !== null) return this.#script.answer(virtual, statement)
      return this.#script?.takes(statement) === true
        ? this.#script.run(text, statement)
        : this.#submitQuery(bytes, text, statement)
    })
  }

  #submitQuery(bytes: Buffer, text: string, statement: ReadStatement): Handled | Promise<Handled> {
    const description = {
      operation: 'Query',
      executes: true,
      access: statement.access,
      statement: statement.segments,
      parameters: NOTHING,
      trace: null,
    }
    const submitted = this.#submissions.forward(description, 'refused-query', [bytes])
    const unnamed = this.#extended.dropUnnamed()
    const expect = (request: OpenRequest, gate: Gate | null): void => {
      this.#guard.executes(this.#submissions.epoch, statement)
      const confirmed = (): void => unnamed.confirmed(statement.deallocates)
      const masked = this.#script === null ? null : this.#script.repliesTo(statement)
      this.#submissions.expect({ to: 'query', request, last: true, confirmed, gate, masked })
    }
    if (submitted instanceof HeldSubmission) {
      const command = heldQuery(text, bytes, expect)
      return this.#holds.hold(command, submitted.request, submitted.held).then(() => this.#endQuery())
    }
    if (submitted !== null) expect(submitted, null)
    return this.#endQuery()
  }

  #endQuery(): Handled {
    this.#submissions.endEpoch('query')
    return DONE
  }

  #parse(bytes: Buffer): Handled | Promise<Handled> {
    const body = decodeParse(bytes)
    const { refusals } = this.#extended
    if (body === null) return refusals.malformed(CLIENT.parse, 'Parse')
    const { text } = body
    if (text === null) return refusals.text(CLIENT.parse, bytes)
    const refused = this.#extended.refusedParse(body, bytes.length)
    if (refused !== null) return refused
    return this.#whenRead(this.#reader.read(text), (read) => this.#parsed(bytes, body.name, text, read))
  }

  #parsed(bytes: Buffer, name: string, text: string, read: ReadStatement): Handled | Promise<Handled> {
    const refused = this.#script?.refusedParse(read) ?? null
    if (refused !== null) return this.#extended.refusals.refuse(CLIENT.parse, ...refused)
    const { utility } = read
    const sent = utility?.kind === 'virtual-setting' ? encodeParse(name, virtualStatement(utility)) : bytes
    return this.#extended.parse(sent, name, text, read)
  }

  #whenRead(
    read: ReadStatement | Promise<ReadStatement>,
    submit: (statement: ReadStatement) => Handled | Promise<Handled>,
  ): Handled | Promise<Handled> {
    return read instanceof Promise ? this.#whenReadLater(read, submit) : submit(read)
  }

  async #whenReadLater(
    read: Promise<ReadStatement>,
    submit: (statement: ReadStatement) => Handled | Promise<Handled>,
  ): Promise<Handled> {
    const statement = await read
    return this.#ended ? DONE : submit(statement)
  }
}
