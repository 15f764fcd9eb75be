// The extended protocol: what prepared statements and portals stand for, and which messages make up one frame.

import type { OpenRequest } from '@sluice/session'
import { heldExecution } from '../hold/held-messages.ts'
import type { Holds } from '../hold/hold.ts'
import { OWN_NAME_PREFIX } from '../hold/own-work.ts'
import { NO_MASKS, type PortalMasks } from '../masking/session-masking.ts'
import {
  type BindBody,
  decodeBind,
  decodeExecute,
  decodeNamed,
  describedTypes,
  type ParseBody,
} from '../wire/decode.ts'
import { CLIENT } from '../wire/message-types.ts'
import { analyseParse } from './analyse-parse.ts'
import type { Analyses } from './analyses.ts'
import type { Delivery } from './delivery.ts'
import type { Handled, RequestLimits } from './handled.ts'
import { MaskedPortals, OTHER_PORTAL, type PortalVerdict, type RefusedPortal } from './masked-portals.ts'
import { ALL_NAMES, NameRegistry } from './name-registry.ts'
import { ProtocolRefusals } from './protocol-refusals.ts'
import { quietPlanning } from './quiet-planning.ts'
import type { ReadingGuard } from './reading-guard.ts'
import type { Gate } from './reply-queue.ts'
import {
  boundSegments,
  describeGroup,
  type FrameGroup,
  newGroup,
  type Portal,
  portalBytes,
  portalOf,
  type ReadStatement,
  statementBytes,
} from './statements.ts'
import { HeldSubmission, type Submissions } from './submissions.ts'

const DONE = 'done'

export class ExtendedRequests {
  readonly refusals: ProtocolRefusals
  readonly #submissions: Submissions
  readonly #holds: Holds
  readonly #guard: ReadingGuard
  readonly #limits: RequestLimits
  /** Null where the session masks nothing. */
  readonly #analyses: Analyses | null
  readonly #delivery: Delivery
  /** The upstream has forgotten all prepared statements, those of the gateway too. */
  onForgotAll: () => void = () => undefined
  readonly masked: MaskedPortals | null
  readonly statements = new NameRegistry<ReadStatement>(statementBytes)
  readonly #portals = new NameRegistry<Portal>(portalBytes)
  #group: FrameGroup | null = null
  #ended = false

  constructor(
    parts: {
      readonly submissions: Submissions
      readonly holds: Holds
      readonly guard: ReadingGuard
      readonly analyses: Analyses | null
      readonly delivery: Delivery
    },
    limits: RequestLimits,
  ) {
    this.#submissions = parts.submissions
    this.#holds = parts.holds
    this.#guard = parts.guard
    this.#analyses = parts.analyses
    this.masked = parts.analyses === null ? null : new MaskedPortals(parts.analyses, parts.submissions, this.#portals)
    this.#delivery = parts.delivery
    this.#limits = limits
    this.refusals = new ProtocolRefusals(parts.submissions, () => void this.endGroup())
  }

  /** The upstream is ready after `epoch`. */
  ready(epoch: number, idle: boolean): void {
    this.statements.endEpoch(epoch)
    this.#portals.endEpoch(epoch)
    // No portal outlives its transaction.
    this.masked?.ready(epoch, idle)
    if (idle) this.#portals.forget(ALL_NAMES)
  }

  /** The session is over: what is still put together is neither recorded nor sent. */
  end(): void {
    this.#ended = true
  }

  /** A simple query drops the unnamed statement and the unnamed portal: for certain when it is confirmed. */
  dropUnnamed(): { readonly confirmed: (deallocates: ReadStatement['deallocates']) => void } {
    this.statements.change('', null, this.#submissions.epoch)
    this.#portals.change('', null, this.#submissions.epoch)
    return {
      confirmed: (deallocates) => {
        this.statements.confirm('', null)
        this.#portals.confirm('', null)
        if (deallocates !== null) this.#deallocated(deallocates)
      },
    }
  }

  /** Drops what follows up to Sync, where the upstream would ignore it anyway. False where it would not. */
  dropIgnored(): boolean {
    if (!this.#submissions.ignored) return false
    void this.endGroup()
    this.#submissions.discard()
    return true
  }

  /** The turn ends. What is to be held stays together: sent in part it would hold locks while a person thinks. */
  endTurn(): void {
    if (this.#group !== null && this.#group.statement.source === null) void this.endGroup()
  }

  /**
   * Decides, records and queues what was put together so far. Nothing waits for a message that may never come.
   * Resolves when a command that had to wait has run or was refused.
   */
  endGroup(): Promise<void> | undefined {
    const group = this.#group
    this.#group = null
    if (group === null || this.#ended) return undefined
    const submitted = this.#submissions.forward(describeGroup(group), 'refused-message', group.messages)
    if (submitted === null) return undefined
    if (submitted instanceof HeldSubmission) {
      const expect = (request: OpenRequest, gate: Gate): void => this.#expectGroup(group, request, gate)
      return this.#holds.hold(heldExecution(group, expect), submitted.request, submitted.held)
    }
    this.#expectGroup(group, submitted, null)
    return undefined
  }

  #expectGroup(group: FrameGroup, request: OpenRequest, gate: Gate | null): void {
    const last = group.replies.length - 1 - group.behind
    const executes = group.operation === 'Execute'
    const deallocates = executes ? group.statement.deallocates : null
    if (executes) this.#guard.executes(this.#submissions.epoch, group.statement)
    group.replies.forEach(({ to, hidden = false, masked = null, ...reply }, index) => {
      const isLast = index === last
      const confirmed = isLast && deallocates !== null ? () => this.#deallocated(deallocates) : reply.confirmed
      const ends = { request: index > last ? null : request, last: isLast, gate: isLast ? gate : null }
      this.#submissions.expect({ to, confirmed, hidden, masked, ...ends })
    })
  }

  #deallocated(which: string | typeof ALL_NAMES): void {
    this.statements.forget(which)
    if (which === ALL_NAMES) this.onForgotAll()
  }

  /** Why a statement can't be prepared; null where it can. */
  refusedParse({ name }: ParseBody, messageBytes: number): 'done' | null {
    const { preparedStatements, preparedStatementBytes } = this.#limits
    if (this.statements.size >= preparedStatements) {
      return this.#tooMany(CLIENT.parse, `${preparedStatements} prepared statements`)
    }
    if (this.statements.bytes + messageBytes > preparedStatementBytes) {
      return this.#tooMany(CLIENT.parse, `${preparedStatementBytes} bytes of prepared statements`)
    }
    return name.startsWith(OWN_NAME_PREFIX) ? this.#reservedName(CLIENT.parse) : null
  }

  parse(bytes: Buffer, name: string, text: string, read: ReadStatement): Handled | Promise<Handled> {
    const { session } = this.#submissions
    const waits = session.mayWait(read.access)
    // What runs many times is recorded many times: its nonce and commitment are made once.
    const segments = name === '' ? read.segments : read.segments.map((segment) => session.prepare(segment))
    const statement = name === '' && !waits ? read : { ...read, segments, source: waits ? Buffer.from(bytes) : null }
    this.statements.change(name, statement, this.#submissions.epoch)
    const group = newGroup('Parse', statement)
    group.messages.push(bytes)
    if (this.#analyses !== null && statement.needsTree) {
      const parts = { submissions: this.#submissions, analyses: this.#analyses, statements: this.statements }
      const still = { delivery: this.#delivery, ended: () => this.#ended }
      return analyseParse({ ...parts, ...still }, { group, name, text, statement }).then(() => DONE)
    }
    group.replies.push({ to: 'parse', confirmed: () => this.statements.confirm(name, statement) })
    this.#group = group
    return DONE
  }

  bind(bytes: Buffer): Handled | Promise<Handled> {
    const body = decodeBind(bytes)
    if (body === null) return this.refusals.malformed(CLIENT.bind, 'Bind')
    const found = this.statements.lookup(body.statement, this.#submissions.epoch)
    if (found.kind === 'unsettled') return this.#later()
    if (found.kind === 'missing') {
      return this.refusals.refuse(CLIENT.bind, 'statement_unknown', 'there is no prepared statement of that name')
    }
    if (this.#portals.size >= this.#limits.portals) {
      return this.#tooMany(CLIENT.bind, `${this.#limits.portals} portals`)
    }
    const statement = found.value
    if (body.portal.startsWith(OWN_NAME_PREFIX)) return this.#reservedName(CLIENT.bind)
    const portals = this.masked
    if (portals === null) return this.#bound(statement, bytes, body, NO_MASKS)
    if (portals.takesTime(statement)) return this.#bindCarrier(portals, statement, Buffer.from(bytes))
    return this.#boundBy(portals.judge(statement, body), statement, bytes, body)
  }

  async #bindCarrier(portals: MaskedPortals, statement: ReadStatement, bytes: Buffer): Promise<Handled> {
    void this.endGroup()
    const body = decodeBind(bytes)
    if (this.#submissions.discarding || body === null) return DONE
    const verdict = await portals.judgeCarrier(statement, body)
    return this.#ended ? DONE : this.#boundBy(verdict, statement, bytes, body)
  }

  #boundBy(verdict: PortalVerdict, statement: ReadStatement, bytes: Buffer, body: BindBody): 'done' {
    switch (verdict.kind) {
      case 'masks':
        return this.#bound(statement, bytes, body, verdict.masks)
      case 'refused':
        return this.#refuseBind(statement, body, verdict.refused)
      case 'failed':
        return DONE
      default:
        return verdict satisfies never
    }
  }

  #refuseBind(statement: ReadStatement, body: BindBody, { denial, access }: RefusedPortal): 'done' {
    void this.endGroup()
    if (this.#submissions.discarding) return DONE
    const refused = describeGroup({ ...newGroup('Bind', statement), parameters: boundSegments(body.values) })
    this.#submissions.deny({ ...refused, access }, 'refused-message', denial)
    return DONE
  }

  #bound(statement: ReadStatement, bytes: Buffer, body: BindBody, masks: PortalMasks): 'done' {
    if (this.#group === null || this.#group.statement !== statement || this.#group.operation !== 'Parse') {
      void this.endGroup()
      if (this.#submissions.discarding) return DONE
      this.#group = newGroup('Bind', statement)
    }
    const group = this.#group
    const seen = { masked: masks.execute, fetches: this.masked?.fetchedBy(statement) ?? null }
    const portal = portalOf(statement, bytes, seen)
    group.operation = 'Bind'
    group.portal = body.portal
    group.parameters = portal.bind === null ? boundSegments(body.values) : portal.parameters
    group.bind = portal.bind
    const { before, behind } = quietPlanning(this.#analyses, statement).bind
    group.messages.push(...before.messages, bytes, ...behind.messages)
    const { portal: name } = body
    const declared = this.masked?.bound(name, statement)
    const confirmed = (): void => {
      this.#portals.confirm(name, portal)
      declared?.()
    }
    group.replies.push(...before.replies, { to: 'bind', confirmed, masked: masks.bind }, ...behind.replies)
    this.#portals.change(name, portal, this.#submissions.epoch)
    return DONE
  }

  #tooMany(type: number, bound: string): 'done' {
    return this.refusals.refuse(type, 'too_many_statements', `a session may hold ${bound}`)
  }

  #reservedName(type: number): 'done' {
    return this.refusals.refuse(type, 'name_reserved', `names that begin with ${OWN_NAME_PREFIX} are the gateway's own`)
  }

  execute(bytes: Buffer): Handled | Promise<Handled> {
    const body = decodeExecute(bytes)
    if (body === null) return this.refusals.malformed(CLIENT.execute, 'Execute')
    const found = this.#portals.lookup(body.portal, this.#submissions.epoch)
    if (found.kind === 'unsettled') return this.#later()
    if (found.kind === 'missing') {
      return this.refusals.refuse(CLIENT.execute, 'portal_unknown', 'there is no portal of that name')
    }
    const { statement, bind, parameters, masked } = found.value
    const joins = this.#group?.operation === 'Bind' && this.#group.portal === body.portal
    if (this.masked?.isOther(found.value, joins) === true) return this.refusals.refuse(CLIENT.execute, ...OTHER_PORTAL)
    if (!joins) {
      void this.endGroup()
      if (this.#submissions.discarding) return DONE
      this.#group = newGroup('Execute', statement)
      this.#group.bind = bind
      if (bind !== null) this.#group.parameters = parameters
    }
    const group = this.#group as FrameGroup
    group.operation = 'Execute'
    const { before, behind } = quietPlanning(this.#analyses, statement).execute
    group.messages.push(...before.messages, bytes, ...behind.messages)
    const execution = { to: 'execute', confirmed: this.masked?.executes(statement) ?? null, masked } as const
    group.replies.push(...before.replies, execution, ...behind.replies)
    group.behind = behind.replies.length
    return this.endGroup()?.then(() => DONE) ?? DONE
  }

  #later(): Handled {
    // What it waits for may not be answered before a Sync that is still to come.
    return this.dropIgnored() ? DONE : 'later'
  }

  describe(bytes: Buffer): Handled {
    const body = decodeNamed(bytes)
    if (body === null) return this.refusals.malformed(CLIENT.describe, 'Describe')
    const to = body.target === 'statement' ? 'describe-statement' : 'describe-portal'
    const found = body.target === 'statement' ? this.statements.lookup(body.name, this.#submissions.epoch) : null
    // The server may analyse it again for this, and would not say so once more at Bind.
    if (this.masked !== null && found?.kind === 'unsettled') return this.#later()
    const statement = found?.kind === 'found' ? found.value : null
    const confirmed = statement === null ? null : typesOf(statement)
    const masked = statement === null ? null : (this.masked?.describes(statement) ?? null)
    if (this.#group !== null) {
      this.#group.messages.push(bytes)
      this.#group.replies.push({ to, confirmed, masked })
      return DONE
    }
    this.#submissions.housekeeping(bytes)
    this.#submissions.expect({ to, confirmed, masked })
    return DONE
  }

  close(bytes: Buffer): Handled {
    void this.endGroup()
    if (this.#submissions.discarding) return DONE
    const body = decodeNamed(bytes)
    if (body === null) return this.refusals.malformed(CLIENT.close, 'Close')
    const registry = body.target === 'statement' ? this.statements : this.#portals
    registry.change(body.name, null, this.#submissions.epoch)
    this.#submissions.housekeeping(bytes)
    this.#submissions.expect({ to: 'close', confirmed: () => registry.confirm(body.name, null) })
    return DONE
  }

  sync(bytes: Buffer): Handled {
    void this.endGroup()
    this.#submissions.housekeeping(bytes)
    this.#submissions.expect({ to: 'sync' })
    this.#submissions.endEpoch('sync')
    return DONE
  }
}

/** Drivers that declare no types ask for them: then a reviewer can be shown values that come as binary. */
function typesOf(statement: ReadStatement): ((by: Buffer) => void) | null {
  if (statement.source === null) return null
  return (by) => {
    const types = describedTypes(by)
    if (types.length > 0) statement.types = types
  }
}
