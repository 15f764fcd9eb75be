// What a client asks, message by message: which names it uses, and which messages make up one frame.

import type { RawSegment } from '@sluice/events'
import type { ClientMessage } from '../wire/client-framer.ts'
import { decodeBind, decodeExecute, decodeNamed, decodeParse, decodeQuery } from '../wire/decode.ts'
import { CLIENT } from '../wire/message-types.ts'
import { ALL_NAMES, NameRegistry } from './name-registry.ts'
import {
  boundSegments,
  type FrameGroup,
  PORTAL_BYTES,
  type Portal,
  type ReadStatement,
  type StatementReader,
  statementBytes,
} from './statements.ts'
import type { Submissions } from './submissions.ts'
import { CANCEL, OVERSIZED_WORDS, unreadableRequest, unreadableText } from './unreadable-requests.ts'

export type RequestLimits = {
  readonly preparedStatements: number
  /** Memory for all of a session's prepared statements. */
  readonly preparedStatementBytes: number
  readonly portals: number
  readonly pipelinedRequests: number
}

/** `later`: nothing was done with the message, it has to come again when the upstream is ready or skips. */
export type Handled = 'done' | 'later' | 'terminate' | { readonly violation: string }

const DONE = 'done'
const NOTHING: readonly never[] = []

export class Requests {
  readonly #submissions: Submissions
  readonly #reader: StatementReader
  readonly #limits: RequestLimits
  readonly #statements = new NameRegistry<ReadStatement>(statementBytes)
  readonly #portals = new NameRegistry<Portal>(() => PORTAL_BYTES)
  #group: FrameGroup | null = null
  #ended = false

  constructor(submissions: Submissions, reader: StatementReader, limits: RequestLimits) {
    this.#submissions = submissions
    this.#reader = reader
    this.#limits = limits
  }

  /** The upstream is ready after `epoch`. */
  ready(epoch: number, idle: boolean): void {
    this.#statements.endEpoch(epoch)
    this.#portals.endEpoch(epoch)
    // No portal outlives its transaction.
    if (idle) this.#portals.forget(ALL_NAMES)
  }

  handle(message: ClientMessage): Handled | Promise<Handled> {
    if (message.kind === 'violation') return { violation: message.reason }
    if (message.kind === 'oversized') return this.#oversized(message)
    const { type, bytes } = message
    if (this.#submissions.discarding && type !== CLIENT.sync && type !== CLIENT.terminate) return DONE
    switch (type) {
      case CLIENT.query:
        return this.#query(bytes)
      case CLIENT.parse:
        return this.#parse(bytes)
      case CLIENT.bind:
        return this.#bind(bytes)
      case CLIENT.execute:
        return this.#execute(bytes)
      case CLIENT.describe:
        return this.#describe(bytes)
      case CLIENT.close:
        return this.#close(bytes)
      case CLIENT.sync:
        return this.#sync(bytes)
      case CLIENT.flush:
        this.endGroup()
        this.#submissions.housekeeping(bytes)
        return DONE
      case CLIENT.terminate:
        this.endGroup()
        return 'terminate'
      case CLIENT.functionCall:
        this.endGroup()
        return this.#refuseProtocol(type, 'function_call', 'calling a function without a statement is not allowed')
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
  }

  /** Drops what follows up to Sync, where the upstream would ignore it anyway. False where it would not. */
  dropIgnored(): boolean {
    if (!this.#submissions.ignored) return false
    this.endGroup()
    this.#submissions.discard()
    return true
  }

  /** A cancel request for this session, which came on a connection of its own. True: go ahead once it is recorded. */
  cancel(): boolean {
    return this.#submissions.cancel(CANCEL)
  }

  /** Decides, records and queues what was put together so far. Nothing waits for a message that may never come. */
  endGroup(): void {
    const group = this.#group
    this.#group = null
    if (group === null || this.#ended) return
    const description = {
      operation: group.operation,
      access: group.statement.access,
      statement: group.statement.segments,
      parameters: group.parameters,
      trace: null,
    }
    const request = this.#submissions.forward(description, 'refused-message', group.messages)
    if (request === null) return
    const last = group.replies.length - 1
    const deallocates = group.operation === 'Execute' ? group.statement.deallocates : null
    group.replies.forEach((reply, index) => {
      const confirmed =
        index === last && deallocates !== null ? () => this.#statements.forget(deallocates) : reply.confirmed
      this.#submissions.expect({ to: reply.to, request, last: index === last, confirmed })
    })
  }

  #query(bytes: Buffer): Handled | Promise<Handled> {
    this.endGroup()
    const body = decodeQuery(bytes)
    if (body === null) return this.#refuseProtocol(CLIENT.query, 'message_malformed', 'the Query message is malformed')
    if (body.text === null) return this.#refuseText(CLIENT.query, bytes)
    const read = this.#reader.read(body.text)
    return this.#whenRead(read, (statement) => this.#submitQuery(bytes, statement))
  }

  #submitQuery(bytes: Buffer, statement: ReadStatement): Handled {
    const description = {
      operation: 'Query',
      access: statement.access,
      statement: statement.segments,
      parameters: NOTHING,
      trace: null,
    }
    const request = this.#submissions.forward(description, 'refused-query', [bytes])
    // A simple query drops the unnamed statement and the unnamed portal.
    this.#statements.change('', null, this.#submissions.epoch)
    this.#portals.change('', null, this.#submissions.epoch)
    if (request !== null) {
      const confirmed = (): void => {
        this.#statements.confirm('', null)
        this.#portals.confirm('', null)
        if (statement.deallocates !== null) this.#statements.forget(statement.deallocates)
      }
      this.#submissions.expect({ to: 'query', request, last: true, confirmed })
    }
    this.#submissions.endEpoch()
    return DONE
  }

  #parse(bytes: Buffer): Handled | Promise<Handled> {
    this.endGroup()
    const body = decodeParse(bytes)
    if (body === null) return this.#refuseProtocol(CLIENT.parse, 'message_malformed', 'the Parse message is malformed')
    if (body.text === null) return this.#refuseText(CLIENT.parse, bytes)
    if (this.#statements.size >= this.#limits.preparedStatements) {
      return this.#refuseProtocol(
        CLIENT.parse,
        'too_many_statements',
        `a session may hold ${this.#limits.preparedStatements} prepared statements`,
      )
    }
    if (this.#statements.bytes + bytes.length > this.#limits.preparedStatementBytes) {
      return this.#refuseProtocol(
        CLIENT.parse,
        'too_many_statements',
        `a session may hold ${this.#limits.preparedStatementBytes} bytes of prepared statements`,
      )
    }
    const { name, text } = body
    return this.#whenRead(this.#reader.read(text), (statement) => this.#startGroup(bytes, name, statement))
  }

  #whenRead(
    read: ReadStatement | Promise<ReadStatement>,
    submit: (statement: ReadStatement) => Handled,
  ): Handled | Promise<Handled> {
    return read instanceof Promise ? this.#whenReadLater(read, submit) : submit(read)
  }

  async #whenReadLater(read: Promise<ReadStatement>, submit: (statement: ReadStatement) => Handled): Promise<Handled> {
    const statement = await read
    return this.#ended ? DONE : submit(statement)
  }

  #startGroup(bytes: Buffer, name: string, read: ReadStatement): Handled {
    const named = name !== ''
    // What runs many times is recorded many times: its nonce and commitment are made once.
    const statement = named
      ? { ...read, segments: read.segments.map((segment) => this.#submissions.session.prepare(segment)) }
      : read
    this.#statements.change(name, statement, this.#submissions.epoch)
    this.#group = {
      operation: 'Parse',
      statement,
      parameters: NOTHING,
      portal: null,
      messages: [bytes],
      replies: [{ to: 'parse', confirmed: () => this.#statements.confirm(name, statement) }],
    }
    return DONE
  }

  #bind(bytes: Buffer): Handled {
    const body = decodeBind(bytes)
    if (body === null) return this.#refuseProtocol(CLIENT.bind, 'message_malformed', 'the Bind message is malformed')
    const found = this.#statements.lookup(body.statement, this.#submissions.epoch)
    if (found.kind === 'unsettled') return this.#later()
    if (found.kind === 'missing') {
      return this.#refuseProtocol(CLIENT.bind, 'statement_unknown', 'there is no prepared statement of that name')
    }
    if (this.#portals.size >= this.#limits.portals) {
      return this.#refuseProtocol(
        CLIENT.bind,
        'too_many_statements',
        `a session may hold ${this.#limits.portals} portals`,
      )
    }
    const statement = found.value
    if (this.#group === null || this.#group.statement !== statement || this.#group.operation !== 'Parse') {
      this.endGroup()
      if (this.#submissions.discarding) return DONE
      this.#group = { operation: 'Bind', statement, parameters: NOTHING, portal: null, messages: [], replies: [] }
    }
    const group = this.#group
    const portal = { statement }
    group.operation = 'Bind'
    group.portal = body.portal
    group.parameters = boundSegments(body)
    group.messages.push(bytes)
    group.replies.push({ to: 'bind', confirmed: () => this.#portals.confirm(body.portal, portal) })
    this.#portals.change(body.portal, portal, this.#submissions.epoch)
    return DONE
  }

  #execute(bytes: Buffer): Handled {
    const body = decodeExecute(bytes)
    if (body === null)
      return this.#refuseProtocol(CLIENT.execute, 'message_malformed', 'the Execute message is malformed')
    const found = this.#portals.lookup(body.portal, this.#submissions.epoch)
    if (found.kind === 'unsettled') return this.#later()
    if (found.kind === 'missing') {
      return this.#refuseProtocol(CLIENT.execute, 'portal_unknown', 'there is no portal of that name')
    }
    const { statement } = found.value
    const joins = this.#group?.operation === 'Bind' && this.#group.portal === body.portal
    if (!joins) {
      this.endGroup()
      if (this.#submissions.discarding) return DONE
      this.#group = { operation: 'Execute', statement, parameters: NOTHING, portal: null, messages: [], replies: [] }
    }
    const group = this.#group as FrameGroup
    group.operation = 'Execute'
    group.messages.push(bytes)
    group.replies.push({ to: 'execute', confirmed: null })
    this.endGroup()
    return DONE
  }

  #later(): Handled {
    // What it waits for may not be answered before a Sync that is still to come.
    return this.dropIgnored() ? DONE : 'later'
  }

  #describe(bytes: Buffer): Handled {
    const body = decodeNamed(bytes)
    if (body === null)
      return this.#refuseProtocol(CLIENT.describe, 'message_malformed', 'the Describe message is malformed')
    const to = body.target === 'statement' ? 'describe-statement' : 'describe-portal'
    if (this.#group !== null) {
      this.#group.messages.push(bytes)
      this.#group.replies.push({ to, confirmed: null })
      return DONE
    }
    this.#submissions.housekeeping(bytes)
    this.#submissions.expect({ to })
    return DONE
  }

  #close(bytes: Buffer): Handled {
    this.endGroup()
    if (this.#submissions.discarding) return DONE
    const body = decodeNamed(bytes)
    if (body === null) return this.#refuseProtocol(CLIENT.close, 'message_malformed', 'the Close message is malformed')
    const registry = body.target === 'statement' ? this.#statements : this.#portals
    registry.change(body.name, null, this.#submissions.epoch)
    this.#submissions.housekeeping(bytes)
    this.#submissions.expect({ to: 'close', confirmed: () => registry.confirm(body.name, null) })
    return DONE
  }

  #sync(bytes: Buffer): Handled {
    this.endGroup()
    this.#submissions.housekeeping(bytes)
    this.#submissions.expect({ to: 'sync' })
    this.#submissions.endEpoch()
    return DONE
  }

  #oversized({ type, length, bound }: Extract<ClientMessage, { kind: 'oversized' }>): Handled {
    const what = OVERSIZED_WORDS.get(type)
    if (what === undefined) return { violation: `a message of type 0x${type.toString(16)} with ${length} bytes` }
    this.endGroup()
    if (this.#submissions.discarding) return DONE
    return this.#refuseProtocol(type, 'too_large', `${what} of ${length} bytes is too long, at most ${bound} are read`)
  }

  #refuseText(type: number, bytes: Buffer): Handled {
    return this.#refuseProtocol(type, 'text_not_utf8', 'the statement is not valid UTF-8', unreadableText(bytes))
  }

  #refuseProtocol(type: number, code: string, reason: string, statement: readonly RawSegment[] = NOTHING): Handled {
    this.endGroup()
    if (this.#submissions.discarding) return DONE
    const { description, refusedAs } = unreadableRequest(type, statement)
    this.#submissions.refuse(description, refusedAs, code, reason)
    if (refusedAs === 'refused-query') this.#submissions.endEpoch()
    return DONE
  }
}
