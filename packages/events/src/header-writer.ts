// The canonical header of a frame, written by hand: what stays the same in a session is encoded once.

import { MAX_LONG_BYTES, stringRoom, writeArray, writeLong, writeOptionalString, writeString } from './avro-write.ts'
import type {
  FrameHeader,
  Outcome,
  RecordedDecision,
  RecordedObligation,
  Subject,
  SubjectKind,
  Touch,
} from './frame.ts'

/** Bytes of an enum symbol: its place in the schema, zigzag. */
const KINDS = { session_opened: 0, request: 2, response: 4, finished: 6, session_closed: 8, approval_used: 10 } as const
const DIRECTIONS = { none: 0, to_upstream: 2, to_client: 4 } as const
const SUBJECT_KINDS: Readonly<Record<SubjectKind, number>> = { human: 0, agent: 2, service: 4 }
const HOWS: Readonly<Record<Touch['how'], number>> = { output: 0, compare: 2, sort: 4, write: 6 }
const EFFECTS: Readonly<Record<RecordedDecision['effect'], number>> = { permit: 0, deny: 2, pending: 4 }
const STATUSES: Readonly<Record<Outcome['status'], number>> = {
  ok: 0,
  error: 2,
  refused: 4,
  cancelled: 6,
  skipped: 8,
  interrupted: 10,
}

const UUID_BYTES = 37
/** Numbers, enums, union branches and array ends of a header, at most. */
const FIXED_ROOM = 2 * UUID_BYTES + 32 * MAX_LONG_BYTES

export type SessionFacts = {
  readonly sessionId: string
  readonly nodeId: string
  readonly protocol: string
  readonly connection: string
  readonly subject: Subject
}

function arrayRoom(items: readonly string[]): number {
  let room = 2 * MAX_LONG_BYTES
  for (const item of items) room += stringRoom(item)
  return room
}

const optionalRoom = (text: string | null): number => (text === null ? 1 : 1 + stringRoom(text))

function decisionRoom(decision: RecordedDecision | null): number {
  if (decision === null) return 1
  return (
    arrayRoom(decision.policyIds) +
    stringRoom(decision.policyVersion) +
    optionalRoom(decision.reasonCode) +
    optionalRoom(decision.approvalId) +
    optionalRoom(decision.grantId) +
    2
  )
}

function writeSubject(target: Buffer, position: number, subject: Subject): number {
  let at = writeString(target, position, subject.issuer)
  at = writeString(target, at, subject.id)
  target[at++] = SUBJECT_KINDS[subject.kind]
  at = writeArray(target, at, subject.groups, writeString)
  return writeOptionalString(target, at, subject.onBehalfOf)
}

function writeTouch(target: Buffer, position: number, touch: Touch): number {
  let at = writeString(target, position, touch.object)
  at = writeString(target, at, touch.column)
  at = writeOptionalString(target, at, touch.tag)
  target[at++] = HOWS[touch.how]
  return at
}

const NO_TOUCHES = Buffer.from([0])

/** Those of a statement are one array for all of its executions: they are written once, and copied after that. */
const writtenTouches = new WeakMap<readonly Touch[], Buffer>()

function touchesBytes(touches: readonly Touch[]): Buffer {
  if (touches.length === 0) return NO_TOUCHES
  const known = writtenTouches.get(touches)
  if (known !== undefined) return known
  let room = 2 * MAX_LONG_BYTES
  for (const { object, column, tag } of touches) room += stringRoom(object) + stringRoom(column) + optionalRoom(tag) + 1
  const scratch = Buffer.alloc(room)
  const bytes = Buffer.from(scratch.subarray(0, writeArray(scratch, 0, touches, writeTouch)))
  writtenTouches.set(touches, bytes)
  return bytes
}

function writeObligation(target: Buffer, position: number, obligation: RecordedObligation): number {
  let at = writeString(target, position, obligation.kind)
  at = writeString(target, at, obligation.tag)
  return writeLong(target, at, obligation.count)
}

function writeDecision(target: Buffer, position: number, decision: RecordedDecision): number {
  let at = position
  target[at++] = EFFECTS[decision.effect]
  at = writeArray(target, at, decision.policyIds, writeString)
  at = writeString(target, at, decision.policyVersion)
  at = writeOptionalString(target, at, decision.reasonCode)
  at = writeOptionalString(target, at, decision.approvalId)
  return writeOptionalString(target, at, decision.grantId)
}

function writeOutcome(target: Buffer, position: number, outcome: Outcome): number {
  let at = position
  target[at++] = STATUSES[outcome.status]
  at = writeOptionalString(target, at, outcome.code)
  at = writeLong(target, at, outcome.rows)
  at = writeLong(target, at, outcome.bytes)
  return writeLong(target, at, outcome.durationMicros)
}

export class HeaderWriter {
  /** Session id as it stands in every header. */
  readonly #session: Buffer
  readonly #node: Buffer
  /** Protocol, connection and subject, which follow one another. */
  readonly #facts: Buffer
  readonly #room: number

  constructor(facts: SessionFacts) {
    const { subject } = facts
    const room =
      stringRoom(facts.nodeId) +
      stringRoom(facts.protocol) +
      stringRoom(facts.connection) +
      stringRoom(subject.issuer) +
      stringRoom(subject.id) +
      arrayRoom(subject.groups) +
      optionalRoom(subject.onBehalfOf)
    const scratch = Buffer.alloc(FIXED_ROOM + room)
    const slice = (end: number): Buffer => Buffer.from(scratch.subarray(0, end))
    this.#session = slice(writeString(scratch, 0, facts.sessionId))
    this.#node = slice(writeString(scratch, 0, facts.nodeId))
    let at = writeString(scratch, 0, facts.protocol)
    at = writeString(scratch, at, facts.connection)
    this.#facts = slice(writeSubject(scratch, at, subject))
    this.#room = FIXED_ROOM + this.#session.length + this.#node.length + this.#facts.length
  }

  /** How many bytes the header needs at most. */
  room(header: FrameHeader): number {
    let room = this.#room + stringRoom(header.operation) + arrayRoom(header.actions) + arrayRoom(header.resources)
    room += optionalRoom(header.requestId) + optionalRoom(header.fingerprint)
    room += optionalRoom(header.clientAddress) + optionalRoom(header.trace) + decisionRoom(header.decision)
    room += touchesBytes(header.touches).length
    for (const obligation of header.obligations) {
      room += stringRoom(obligation.kind) + stringRoom(obligation.tag) + MAX_LONG_BYTES
    }
    if (header.outcome !== null) room += optionalRoom(header.outcome.code)
    return room
  }

  /** Writes a header of this session; returns its end. */
  write(target: Buffer, position: number, header: FrameHeader): number {
    let at = writeString(target, position, header.eventId)
    target.set(this.#session, at)
    at = writeLong(target, at + this.#session.length, header.sequence)
    target.set(this.#node, at)
    at = writeLong(target, at + this.#node.length, header.time)
    target[at++] = KINDS[header.kind]
    target[at++] = DIRECTIONS[header.direction]
    target.set(this.#facts, at)
    at = writeString(target, at + this.#facts.length, header.operation)
    at = writeOptionalString(target, at, header.requestId)
    at = writeArray(target, at, header.actions, writeString)
    at = writeArray(target, at, header.resources, writeString)
    const touches = touchesBytes(header.touches)
    target.set(touches, at)
    at += touches.length
    at = writeOptionalString(target, at, header.fingerprint)
    if (header.decision === null) target[at++] = 0
    else {
      target[at++] = 2
      at = writeDecision(target, at, header.decision)
    }
    at = writeArray(target, at, header.obligations, writeObligation)
    if (header.outcome === null) target[at++] = 0
    else {
      target[at++] = 2
      at = writeOutcome(target, at, header.outcome)
    }
    at = writeOptionalString(target, at, header.clientAddress)
    return writeOptionalString(target, at, header.trace)
  }
}
