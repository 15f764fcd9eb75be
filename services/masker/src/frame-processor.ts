// One frame to one record: an audit event, or a dead letter where the frame can't be read. Signs, publishes nothing.

import {
  type Audit,
  type AuditCodec,
  type Codec,
  cloudEventHeaders,
  type DeadLetter,
  type Frame,
  type FrameCodec,
  type FrameHeader,
  isUuid,
  type OpenedSegment,
  PeerInvalid,
  type SigningKey,
  SluiceError,
  signAudit,
  type VerifyingKey,
} from '@sluice/events'
import type { Detectors, PlanView } from '@sluice/mask'
import type { StoredRecord, StreamRecord } from '@sluice/stream'
import { type ChainProblem, checkChain, type ReceivedFrame } from './chain-check.ts'
import { JUDGED_KINDS, type SanitisedPayload, SHOWABLE_KINDS, sanitiseSql, withholdAll } from './sanitise/sanitise.ts'
import { isAnalysed, type SeenValue, ValueJudge } from './sanitise/value-judge.ts'
import type { SessionOpeners } from './session-openers.ts'
import { evolve, type SessionState } from './session-state.ts'

export type Processed =
  | {
      readonly kind: 'audit'
      readonly eventId: string
      readonly state: SessionState
      readonly record: StreamRecord
      /** Why it is unsanitised; null where all is well. */
      readonly problem: string | null
    }
  | { readonly kind: 'dead'; readonly id: string; readonly record: StreamRecord; readonly code: string }
  | { readonly kind: 'repeated' }

/** What is known of the data that sessions see. */
export type TagsKnown = {
  /** Null where no plan was made for the connection: then nothing is known of its values. */
  readonly view: (connection: string) => PlanView | null
  /** Null before there are rules. */
  readonly detectors: () => Detectors | null
  readonly onSeen: (header: FrameHeader, view: PlanView, seen: readonly SeenValue[]) => void
}

export type FrameProcessorOptions = {
  readonly tags: TagsKnown
  readonly frames: FrameCodec
  readonly audits: AuditCodec
  readonly deadLetters: Codec<DeadLetter>
  readonly openers: SessionOpeners
  readonly nodeKeys: ReadonlyMap<string, VerifyingKey>
  readonly signingKey: SigningKey
}

/** Protocols whose payload is SQL with its literals cut out. Any other's is withheld. */
const SQL_PROTOCOLS: ReadonlySet<string> = new Set(['postgres'])
/** More text than this is withheld: an audit record has to stay within what a log takes. */
export const MAX_SHOWN_BYTES = 4_194_304
/** What of an unreadable record fits into a dead letter, which must be a record itself. */
export const MAX_DEAD_VALUE_BYTES = 60 * 1_048_576

const NOTHING_SHOWN: SanitisedPayload = { segments: [], text: null, claims: {} }

/** Where a record came from, as its dead letter's identity. */
export function sourceId(letter: Pick<DeadLetter, 'topic' | 'partition' | 'offset'>): string {
  return `${letter.topic}/${letter.partition}/${letter.offset}`
}

export class FrameProcessor {
  readonly #options: FrameProcessorOptions

  constructor(options: FrameProcessorOptions) {
    this.#options = options
  }

  /** `stateOf` gives what is known of a session before this frame. */
  async process(record: StoredRecord, stateOf: (frame: Frame) => SessionState | null): Promise<Processed> {
    let received: ReceivedFrame
    try {
      received = this.#read(record.value)
    } catch (error) {
      return this.#deadLetter(record, error)
    }
    const { frame } = received
    const state = stateOf(frame)
    if (state !== null && frame.header.sequence < state.next) {
      if (isRepeated(state, frame)) return { kind: 'repeated' }
      return this.#deadLetter(
        record,
        new PeerInvalid('frame_repeated', 'an event with this sequence number was recorded before, and another one'),
      )
    }
    const next = evolve(state, frame)
    const problem = checkChain(state, received, this.#options.nodeKeys)
    const { payload, code } = await this.#sanitise(frame, next, problem)
    return {
      kind: 'audit',
      eventId: frame.header.eventId,
      state: next,
      problem: code,
      record: {
        key: Buffer.from(frame.header.sessionId),
        value: signAudit(this.#options.audits, auditOf(frame, payload, code !== null), this.#options.signingKey),
        headers: cloudEventHeaders(frame.header),
      },
    }
  }

  #read(value: Buffer): ReceivedFrame {
    const received = this.#options.frames.read(value)
    const { eventId, sessionId } = received.frame.header
    if (!isUuid(eventId) || !isUuid(sessionId)) {
      throw new PeerInvalid('record_malformed', 'the event or the session has no UUID')
    }
    return received
  }

  async #sanitise(
    frame: Frame,
    state: SessionState,
    problem: ChainProblem | null,
  ): Promise<{ readonly payload: SanitisedPayload; readonly code: string | null }> {
    const { segments, sealed, header } = frame
    if (problem !== null) return { payload: withholdAll(segments, 'unsanitised'), code: problem }
    if (segments.length === 0 && sealed === null) return { payload: NOTHING_SHOWN, code: null }
    try {
      const opener = await this.#options.openers.of(state)
      const judge = this.#judgeOf(frame)
      const opened = opener.open(segments, sealed, judge === null ? SHOWABLE_KINDS : JUDGED_KINDS)
      if (!SQL_PROTOCOLS.has(header.protocol)) return { payload: withholdAll(segments, 'no-rules'), code: null }
      const payload = this.#sanitiseSql(frame, opened, judge)
      const fits = (payload.text?.length ?? 0) <= MAX_SHOWN_BYTES
      return { payload: fits ? payload : withholdAll(segments, 'too-large'), code: null }
    } catch (error) {
      // A bug of ours in sanitising must not take the event from the record, nor put a value into a log.
      const code = error instanceof SluiceError ? error.code : 'internal'
      return { payload: withholdAll(segments, 'unsanitised'), code }
    }
  }

  /** Null where nothing is known of the values: what is split counts its spans otherwise, and is too large to be shown. */
  #judgeOf({ header, segments, sensitiveSpans: spans }: Frame): ValueJudge | null {
    const { tags } = this.#options
    const isWhole = segments.every(({ kind, parts }) => parts === 1 || kind === 'result')
    if (!SQL_PROTOCOLS.has(header.protocol) || !isAnalysed(header) || !isWhole) return null
    const view = tags.view(header.connection)
    const detectors = tags.detectors()
    return view === null || detectors === null ? null : new ValueJudge({ header, spans, view, detectors })
  }

  #sanitiseSql(
    { header, segments }: Frame,
    opened: readonly (OpenedSegment | null)[],
    judge: ValueJudge | null,
  ): SanitisedPayload {
    if (judge === null) return sanitiseSql(segments, opened)
    // What goes on is only looked at: what of its columns was masked is known at its end, and it would be too long.
    const goesOn = header.kind === 'response'
    if (goesOn) for (const segment of opened) if (segment?.kind === 'result') judge.beginning(segment.bytes)
    const payload = goesOn ? withholdAll(segments, 'too-large') : sanitiseSql(segments, opened, judge)
    if (judge.seen.length > 0) this.#options.tags.onSeen(header, judge.view, judge.seen)
    return payload
  }

  #deadLetter(record: StoredRecord, error: unknown): Processed {
    if (!(error instanceof SluiceError)) throw error
    const { topic, partition, offset, time, key, headers } = record
    const value = record.value.subarray(0, MAX_DEAD_VALUE_BYTES)
    const cut = value.length < record.value.length ? `; cut off, it had ${record.value.length} bytes` : ''
    const letter = {
      topic,
      partition,
      offset,
      time,
      error: `${error.code}: ${error.message}${cut}`,
      key,
      value,
      headers,
    }
    return {
      kind: 'dead',
      id: sourceId(letter),
      code: error.code,
      record: { key, value: this.#options.deadLetters.encode(letter), headers: '{"content-type":"application/avro"}' },
    }
  }
}

/** The last event once more: a journal that was shipped again repeats events as they were. */
function isRepeated(state: SessionState, frame: Frame): boolean {
  return frame.header.sequence === state.next - 1 && frame.link.equals(state.link)
}

function auditOf(
  frame: Frame,
  payload: SanitisedPayload,
  unsanitised: boolean,
): Omit<Audit, 'maskerKeyId' | 'maskerSignature'> {
  const { header, sensitiveSpans, context, closing, previousLink, link } = frame
  return { header, sensitiveSpans, context, ...payload, unsanitised, closing, previousLink, link }
}
