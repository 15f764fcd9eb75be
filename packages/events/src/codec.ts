// Values to Avro in the Confluent wire format (a zero byte, the schema's id in four bytes, the body) and back.

import { readFile } from 'node:fs/promises'
import avro from 'avsc'
import type { Audit } from './audit.ts'
import { type AvroSchema, recordShape } from './avro-shape.ts'
import type {
  ApprovalDecision,
  ApprovalRequest,
  ApprovalReview,
  KeyCertificate,
  PolicySet,
  PublishedCatalog,
  PublishedFinding,
  PublishedPlan,
  Signed,
} from './control.ts'
import type { DeadLetter } from './dead-letter.ts'
import { PeerInvalid } from './errors.ts'
import type { Frame } from './frame.ts'
import { type SchemaRegistry, type SchemaVersion, schemaUnknown } from './schema-registry.ts'
import type { Ticket } from './ticket.ts'
import { TOPIC_FACTS, TOPICS, type TopicName } from './topics.ts'

export const MAGIC_BYTE = 0
/** Magic byte and schema id. */
export const FRAMING_BYTES = 5

export type Codec<T> = {
  readonly schemaId: number
  encode(value: T): Buffer
  /** Throws PeerInvalid on anything but exactly one record of this codec's schema. */
  decode(bytes: Buffer): T
}

export type FrameCodec = Codec<Frame> & {
  /** Encodes into `target` at `position`; returns the end, or throws RangeError where it doesn't fit. */
  encodeInto(frame: Frame, target: Buffer, position: number): number
  /** Decodes, and hands out the bytes that the chain covers: they are slices of the record. */
  read(bytes: Buffer): { readonly frame: Frame; readonly headerBytes: Buffer; readonly contentBytes: Buffer }
}

export type AuditCodec = Codec<Audit> & {
  /** The bytes of the record that the masker's signature covers (see `audit-signature.ts`), and the chain's. */
  read(bytes: Buffer): {
    readonly audit: Audit
    readonly headerBytes: Buffer
    readonly signedBytes: Buffer
  }
}

const SCHEMAS = new URL('../../../schemas/', import.meta.url)

/** The text of a schema in schemas/. */
export function readSchema(file: string): Promise<string> {
  return readFile(new URL(file, SCHEMAS), 'utf8')
}

/** The subject under which a topic's value schema is registered. */
export function valueSubject(topic: TopicName): string {
  return `${topic}-value`
}

/** How a record is read that was written by an earlier version of its schema: what came later has its default. */
type Earlier = {
  readonly shape: ReturnType<typeof recordShape>
  readonly resolver: ReturnType<avro.Type['createResolver']>
}

type Layout<T> = { readonly value: T; readonly fieldEnds: readonly number[] }

class AvroCodec<T> {
  readonly schemaId: number
  readonly #type: avro.Type
  readonly #shape: ReturnType<typeof recordShape>
  readonly #earlier = new Map<number, Earlier>()

  /** @param earlier that this one can read */
  constructor(schemaId: number, schemaText: string, earlier: readonly SchemaVersion[] = []) {
    this.schemaId = schemaId
    const schema: AvroSchema & avro.Schema = JSON.parse(schemaText)
    this.#type = avro.Type.forSchema(schema, { wrapUnions: 'never', omitRecordMethods: true })
    this.#shape = recordShape(schema)
    for (const version of earlier) {
      const written: AvroSchema & avro.Schema = JSON.parse(version.schema)
      const type = avro.Type.forSchema(written, { wrapUnions: 'never', omitRecordMethods: true })
      this.#earlier.set(version.id, { shape: recordShape(written), resolver: this.#type.createResolver(type) })
    }
  }

  encode(value: T): Buffer {
    const body = this.#type.toBuffer(value)
    const whole = Buffer.allocUnsafe(FRAMING_BYTES + body.length)
    this.writeFraming(whole, 0)
    body.copy(whole, FRAMING_BYTES)
    return whole
  }

  encodeInto(value: T, target: Buffer, position: number): number {
    if (target.length - position < FRAMING_BYTES) throw new RangeError('the record does not fit')
    this.writeFraming(target, position)
    const end = this.#type.encode(value, target, position + FRAMING_BYTES)
    if (end < 0) throw new RangeError('the record does not fit')
    return end
  }

  read(bytes: Buffer): Layout<T> {
    if (bytes.length < FRAMING_BYTES || bytes[0] !== MAGIC_BYTE) {
      throw new PeerInvalid(
        'record_unframed',
        'the record does not begin with a schema id; it was not written by a Sluice service',
      )
    }
    const id = bytes.readInt32BE(1)
    const earlier = this.#earlier.get(id)
    if (id !== this.schemaId && earlier === undefined) throw schemaUnknown(id)
    const fieldEnds = (earlier?.shape ?? this.#shape).fieldEnds(bytes, FRAMING_BYTES)
    return { value: this.#type.decode(bytes, FRAMING_BYTES, earlier?.resolver).value as T, fieldEnds }
  }

  private writeFraming(target: Buffer, position: number): void {
    target[position] = MAGIC_BYTE
    target.writeInt32BE(this.schemaId, position + 1)
  }
}

async function openCodec<T>(
  registry: SchemaRegistry,
  topic: TopicName,
  earlier: readonly SchemaVersion[] = [],
): Promise<AvroCodec<T>> {
  const schema = await readSchema(TOPIC_FACTS[topic].schemaFile)
  return new AvroCodec<T>(await registry.idOf(valueSubject(topic), schema), schema, earlier)
}

function plain<T>(codec: AvroCodec<T>): Codec<T> {
  return {
    schemaId: codec.schemaId,
    encode: (value) => codec.encode(value),
    decode: (bytes) => codec.read(bytes).value,
  }
}

/** Fields of both records up to and with `segments`: what the chain's content covers in a frame. */
const CONTENT_FIELDS = 3

export async function frameCodec(registry: SchemaRegistry): Promise<FrameCodec> {
  const codec = await openCodec<Frame>(registry, TOPICS.frames)
  return {
    ...plain(codec),
    encodeInto: (frame, target, position) => codec.encodeInto(frame, target, position),
    read(bytes) {
      const { value, fieldEnds } = codec.read(bytes)
      const headerEnd = fieldEnds[0]
      return {
        frame: value,
        headerBytes: bytes.subarray(FRAMING_BYTES, headerEnd),
        contentBytes: bytes.subarray(headerEnd, fieldEnds[CONTENT_FIELDS]),
      }
    },
  }
}

export async function auditCodec(registry: SchemaRegistry): Promise<AuditCodec> {
  const codec = await openCodec<Audit>(registry, TOPICS.audit)
  return {
    ...plain(codec),
    read(bytes) {
      const { value, fieldEnds } = codec.read(bytes)
      return {
        audit: value,
        headerBytes: bytes.subarray(FRAMING_BYTES, fieldEnds[0]),
        signedBytes: bytes.subarray(FRAMING_BYTES, fieldEnds.at(-2)),
      }
    },
  }
}

/** What each topic of signed records holds. */
type ControlContent = {
  [TOPICS.tickets]: Ticket
  [TOPICS.keys]: KeyCertificate
  [TOPICS.policies]: PolicySet
  [TOPICS.approvalRequests]: ApprovalRequest
  [TOPICS.approvalReviews]: ApprovalReview
  [TOPICS.decisions]: ApprovalDecision
  [TOPICS.catalogs]: PublishedCatalog
  [TOPICS.maskPlans]: PublishedPlan
  [TOPICS.findings]: PublishedFinding
}
export type ControlTopic = keyof ControlContent
export type ContentOf<Topic extends ControlTopic> = ControlContent[Topic]

/** Records that steer are kept for as long as they hold, and by then their schema may have grown. */
const EARLIER_SCHEMAS: Partial<Record<ControlTopic, readonly string[]>> = {
  [TOPICS.policies]: ['earlier/policy-set-1.avsc'],
}

/**
 * Only those that are known here: a signature doesn't cover the schema's id, and by a schema that somebody else wrote the
 * same signed bytes could say something else.
 */
async function earlierVersions(registry: SchemaRegistry, topic: ControlTopic): Promise<readonly SchemaVersion[]> {
  const files = EARLIER_SCHEMAS[topic] ?? []
  if (files.length === 0) return []
  const known = await Promise.all(files.map(readSchema))
  const texts = new Set(known.map((text) => JSON.stringify(JSON.parse(text))))
  return (await registry.versionsOf(valueSubject(topic))).filter(({ schema }) => texts.has(schema))
}

/** The codec of a topic whose records are signed by their writer. */
export async function controlCodec<Topic extends ControlTopic>(
  registry: SchemaRegistry,
  topic: Topic,
): Promise<Codec<Signed<ContentOf<Topic>>>> {
  const codec = await openCodec<Signed<ContentOf<Topic>>>(registry, topic, await earlierVersions(registry, topic))
  return plain(codec)
}

/** Both dead-letter topics hold the same record. */
export async function deadLetterCodec(
  registry: SchemaRegistry,
  topic: typeof TOPICS.deadLetters | typeof TOPICS.frameDeadLetters = TOPICS.deadLetters,
): Promise<Codec<DeadLetter>> {
  return plain(await openCodec<DeadLetter>(registry, topic))
}
