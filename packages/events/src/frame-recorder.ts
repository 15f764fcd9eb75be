// The hot path of the proxy: one event of a session becomes one record, its payload sealed and itself linked to the
// event before. The record is written once, by hand, and hashed as slices of itself.

import { stringRoom, writeArray, writeBytes, writeLong, writeOptionalString, writeString } from './avro-write.ts'
import { closingBytes, EMPTY_ROOT, firstLink } from './chain.ts'
import { nowMicros } from './clock.ts'
import type { HeadersJson } from './cloud-events.ts'
import type { FrameCodec } from './codec.ts'
import { FRAMING_BYTES, MAGIC_BYTE } from './codec.ts'
import { HashInput, SHA256_BYTES, sha256Into } from './digest.ts'
import { AuditUnavailable } from './errors.ts'
import type { FrameHeader, SegmentKind, SensitiveSpan } from './frame.ts'
import { HeaderWriter, type SessionFacts } from './header-writer.ts'
import { RandomPool } from './random.ts'
import { contentRoom, partsOf, payloadBytesOf } from './record-room.ts'
import type { SessionSealer } from './seal.ts'
import { MAX_PART_BYTES, NONCE_BYTES, PreparedSegment, type RawSegment } from './segments.ts'
import type { SigningKey } from './signing.ts'
import { uuidv7 } from './uuid.ts'

type Given = 'eventId' | 'sessionId' | 'sequence' | 'nodeId' | 'time' | 'protocol' | 'connection' | 'subject'
type Required = 'kind' | 'direction' | 'operation'

/** What the caller knows of an event; what is left out is empty. */
export type EventPart = Pick<FrameHeader, Required> &
  Partial<Omit<FrameHeader, Given | Required>> & {
    readonly segments?: readonly RawSegment[]
    readonly sensitiveSpans?: readonly SensitiveSpan[]
    readonly context?: string | null
  }

export type RecordedEvent = {
  readonly header: FrameHeader
  /** The session id's text. */
  readonly key: Buffer
  /** A view of a buffer that the next event of any session overwrites: copy it where it is kept. */
  readonly value: Buffer
  readonly headers: HeadersJson
}

export type FrameRecorderOptions = SessionFacts & {
  readonly codec: Pick<FrameCodec, 'schemaId'>
  readonly nodeKey: SigningKey
  /** Null only for a session that records no payload any more: one that is closed by recovery. */
  readonly sealer: SessionSealer | null
  /** Where a session goes on whose process died: its next sequence number and its last link. */
  readonly resume?: { readonly sequence: number; readonly link: Buffer }
  readonly nowMicros?: () => number
}

const KINDS: Readonly<Record<SegmentKind, number>> = { text: 0, literal: 2, comment: 4, bind: 6, result: 8, claim: 10 }
const NOTHING: readonly never[] = []
/** They would be more than half of a record, and all that they say stands in its header. docs/adr/0008. */
const NO_HEADERS: HeadersJson = '{}'

/** Usual sizes of the buffers that every event is written with, and above which a larger one is not kept. */
const USUAL_BYTES = 262_144
const KEPT_BYTES = 1_048_576

const random = new RandomPool()
/** Every record is written here. A buffer for each would be garbage of megabytes a second, and its collection shows. */
let written: Buffer = Buffer.allocUnsafeSlow(USUAL_BYTES)
/** Nonces and bytes of one event's segments, before they are encrypted. */
let plain: Buffer = Buffer.allocUnsafeSlow(USUAL_BYTES)
/** What a commitment, a root or a link is the hash of. */
const hashed = new HashInput()
const previousLink = Buffer.allocUnsafeSlow(SHA256_BYTES)
const rootBytes = Buffer.allocUnsafeSlow(SHA256_BYTES)

function atLeast(buffer: Buffer, room: number): Buffer {
  if (buffer.length < room) return Buffer.allocUnsafeSlow(room)
  return buffer.length > KEPT_BYTES && room <= USUAL_BYTES ? Buffer.allocUnsafeSlow(USUAL_BYTES) : buffer
}

/** Above this a slice is hashed where it is: copying it costs more than a view of it. */
const MAX_COPIED_BYTES = 1_024

function hashSlice(source: Buffer, start: number, end: number, target: Buffer, position: number): void {
  const length = end - start
  if (length > MAX_COPIED_BYTES) {
    sha256Into(source.subarray(start, end), target, position)
    return
  }
  source.copy(hashed.reserve(length), 0, start, end)
  sha256Into(hashed.view(length), target, position)
}

function writeSpan(target: Buffer, position: number, span: SensitiveSpan): number {
  let at = writeLong(target, position, span.segment)
  at = writeLong(target, at, span.start)
  at = writeLong(target, at, span.end)
  return writeString(target, at, span.tag)
}

export class FrameRecorder {
  readonly #facts: SessionFacts
  readonly #headerWriter: HeaderWriter
  readonly #schemaId: number
  readonly #sealer: SessionSealer | null
  readonly #nodeKey: SigningKey
  readonly #nowMicros: () => number
  readonly #key: Buffer
  readonly #link: Buffer
  #sequence: number

  constructor(options: FrameRecorderOptions) {
    const { sessionId, nodeId, protocol, connection, subject } = options
    this.#facts = { sessionId, nodeId, protocol, connection, subject }
    this.#headerWriter = new HeaderWriter(this.#facts)
    this.#schemaId = options.codec.schemaId
    this.#sealer = options.sealer
    this.#nodeKey = options.nodeKey
    this.#nowMicros = options.nowMicros ?? nowMicros
    this.#key = Buffer.from(sessionId)
    this.#link = Buffer.from(options.resume?.link ?? firstLink(sessionId, options.nodeKey.publicKey))
    this.#sequence = options.resume?.sequence ?? 0
  }

  /** The sequence number of the next event: how many were recorded so far. */
  get sequence(): number {
    return this.#sequence
  }

  /** The link of the last event. */
  get lastLink(): Buffer {
    return Buffer.from(this.#link)
  }

  /** A segment that will be repeated unchanged: its nonce and commitment are made now, once. */
  prepare(raw: RawSegment): PreparedSegment {
    const whole = Buffer.allocUnsafe(NONCE_BYTES + raw.bytes.length)
    random.fill(whole, 0, NONCE_BYTES)
    raw.bytes.copy(whole, NONCE_BYTES)
    const commitment = Buffer.allocUnsafe(SHA256_BYTES)
    sha256Into(whole, commitment, 0)
    return new PreparedSegment(this.#facts.sessionId, raw, Buffer.from(whole.subarray(0, NONCE_BYTES)), commitment)
  }

  /**
   * Records one event. `session_opened` carries the wrapped key, `session_closed` the node's signature.
   * Throws PeerUnsupported where the payload exceeds MAX_EVENT_PAYLOAD_BYTES; the chain has not moved then.
   */
  record(part: EventPart): RecordedEvent {
    const header = this.#header(part)
    const segments = part.segments ?? NOTHING
    const spans = part.sensitiveSpans ?? NOTHING
    const context = part.context ?? null
    const payloadBytes = payloadBytesOf(segments)
    if (payloadBytes > 0 && this.#sealer === null) {
      throw new AuditUnavailable('seal_missing', 'a payload can only be recorded with a session key')
    }
    written = atLeast(
      written,
      this.#headerWriter.room(header) + contentRoom(segments, spans, context, payloadBytes) + this.#endRoom(header),
    )

    const target = written
    target[0] = MAGIC_BYTE
    target.writeInt32BE(this.#schemaId, 1)
    const headerAt = FRAMING_BYTES
    const headerEnd = this.#headerWriter.write(target, headerAt, header)

    let at = writeArray(target, headerEnd, spans, writeSpan)
    at = writeOptionalString(target, at, context)
    at = this.#writeSegments(target, at, segments)
    const contentEnd = at
    at = this.#writeSealed(target, at, payloadBytes)
    at = this.#writeSessionKey(target, at, header)
    const isEmpty = segments.length === 0 && spans.length === 0 && context === null
    at = this.#writeEnd(target, at, header, headerAt, headerEnd, isEmpty ? headerEnd : contentEnd)

    this.#sequence++
    return { header, key: this.#key, value: target.subarray(0, at), headers: NO_HEADERS }
  }

  #header(part: EventPart): FrameHeader {
    const facts = this.#facts
    return {
      eventId: uuidv7(),
      sessionId: facts.sessionId,
      sequence: this.#sequence,
      nodeId: facts.nodeId,
      time: this.#nowMicros(),
      kind: part.kind,
      direction: part.direction,
      protocol: facts.protocol,
      connection: facts.connection,
      subject: facts.subject,
      operation: part.operation,
      requestId: part.requestId ?? null,
      actions: part.actions ?? NOTHING,
      resources: part.resources ?? NOTHING,
      touches: part.touches ?? NOTHING,
      fingerprint: part.fingerprint ?? null,
      decision: part.decision ?? null,
      obligations: part.obligations ?? NOTHING,
      outcome: part.outcome ?? null,
      clientAddress: part.clientAddress ?? null,
      trace: part.trace ?? null,
    }
  }

  /** Bytes of the wrapped key and of the closing, where the event has them. */
  #endRoom({ kind }: FrameHeader): number {
    if (kind === 'session_opened' && this.#sealer !== null) {
      const { recipientKeyId, encapsulated, ciphertext } = this.#sealer.wrapped
      return stringRoom(recipientKeyId) + encapsulated.length + ciphertext.length
    }
    return kind === 'session_closed' ? 64 + stringRoom(this.#nodeKey.keyId) : 0
  }

  /** Writes the descriptions, and leaves nonces and bytes in `plain`. */
  #writeSegments(target: Buffer, position: number, segments: readonly RawSegment[]): number {
    let at = position
    if (segments.length > 0) {
      let count = 0
      let plainRoom = 0
      for (const { bytes } of segments) {
        const parts = partsOf(bytes.length)
        count += parts
        plainRoom += bytes.length + NONCE_BYTES * parts
      }
      plain = atLeast(plain, plainRoom)
      at = writeLong(target, at, count)
      let plainAt = 0
      for (const segment of segments) {
        const { length } = segment.bytes
        const parts = partsOf(length)
        for (let part = 0; part < parts; part++) {
          const from = part * MAX_PART_BYTES
          const partBytes = Math.min(MAX_PART_BYTES, length - from)
          target[at++] = KINDS[segment.kind]
          at = writeString(target, at, segment.label)
          at = writeLong(target, at, partBytes)
          plainAt = this.#commit(segment, from, partBytes, parts, plainAt, target, at)
          at = writeLong(target, at + SHA256_BYTES, part)
          at = writeLong(target, at, parts)
        }
      }
    }
    target[at] = 0
    return at + 1
  }

  /** Puts nonce and bytes of a part into `plain`, and its commitment into the record; returns the end in `plain`. */
  #commit(
    segment: RawSegment,
    from: number,
    partBytes: number,
    parts: number,
    plainAt: number,
    target: Buffer,
    position: number,
  ): number {
    const bytesAt = plainAt + NONCE_BYTES
    segment.bytes.copy(plain, bytesAt, from, from + partBytes)
    if (parts === 1 && segment instanceof PreparedSegment && segment.sessionId === this.#facts.sessionId) {
      plain.set(segment.nonce, plainAt)
      target.set(segment.commitment, position)
    } else {
      random.fill(plain, plainAt, NONCE_BYTES)
      hashSlice(plain, plainAt, bytesAt + partBytes, target, position)
    }
    return bytesAt + partBytes
  }

  #writeSealed(target: Buffer, position: number, payloadBytes: number): number {
    const sealer = this.#sealer
    if (sealer === null || payloadBytes === 0) {
      target[position] = 0
      return position + 1
    }
    target[position] = 2
    let at = writeLong(target, position + 1, sealer.stream)
    at = writeLong(target, at, sealer.offset)
    at = writeLong(target, at, payloadBytes)
    sealer.encryptInto(plain, payloadBytes, target, at)
    return at + payloadBytes
  }

  #writeSessionKey(target: Buffer, position: number, header: FrameHeader): number {
    if (header.kind !== 'session_opened' || this.#sealer === null) {
      target[position] = 0
      return position + 1
    }
    const { recipientKeyId, encapsulated, ciphertext } = this.#sealer.wrapped
    target[position] = 2
    let at = writeString(target, position + 1, recipientKeyId)
    at = writeBytes(target, at, encapsulated)
    return writeBytes(target, at, ciphertext)
  }

  /** Closing and links. The content reaches from the header's end to `contentEnd`. */
  #writeEnd(
    target: Buffer,
    position: number,
    header: FrameHeader,
    headerAt: number,
    headerEnd: number,
    contentEnd: number,
  ): number {
    previousLink.set(this.#link)
    if (contentEnd === headerEnd) rootBytes.set(EMPTY_ROOT)
    else hashSlice(target, headerEnd, contentEnd, rootBytes, 0)
    const rootAt = SHA256_BYTES + headerEnd - headerAt
    const linked = hashed.reserve(rootAt + SHA256_BYTES)
    linked.set(previousLink, 0)
    target.copy(linked, SHA256_BYTES, headerAt, headerEnd)
    linked.set(rootBytes, rootAt)
    sha256Into(hashed.view(rootAt + SHA256_BYTES), this.#link, 0)

    let at = this.#writeClosing(target, position, header)
    target.set(previousLink, at)
    at += SHA256_BYTES
    target.set(this.#link, at)
    return at + SHA256_BYTES
  }

  #writeClosing(target: Buffer, position: number, header: FrameHeader): number {
    if (header.kind !== 'session_closed') {
      target[position] = 0
      return position + 1
    }
    const count = header.sequence + 1
    target[position] = 2
    let at = writeLong(target, position + 1, count)
    at = writeBytes(target, at, this.#nodeKey.sign(closingBytes(header.sessionId, count, this.#link)))
    return writeString(target, at, this.#nodeKey.keyId)
  }
}
