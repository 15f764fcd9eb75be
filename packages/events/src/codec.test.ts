import { readFile } from 'node:fs/promises'
import avro from 'avsc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { subjects } from './arbitraries.ts'
import type { Audit } from './audit.ts'
import { auditCodec, type Codec, controlCodec, deadLetterCodec, frameCodec, readSchema, valueSubject } from './codec.ts'
import type { Seal, Signed } from './control.ts'
import type { DeadLetter } from './dead-letter.ts'
import { PeerInvalid } from './errors.ts'
import { MemorySchemaRegistry } from './memory-schema-registry.ts'
import type { Ticket } from './ticket.ts'
import { TOPIC_FACTS, TOPICS } from './topics.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 40 })
const optionalText = fc.option(text, { nil: null })
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array))
const number = fc.integer({ min: -(2 ** 51), max: 2 ** 51 })
const int = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
const sha256 = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((array) => Buffer.from(array))

const seals: fc.Arbitrary<Seal> = fc.record({
  version: number,
  previous: fc.option(sha256, { nil: null }),
  time: number,
  keyId: text,
  signature: bytes,
})

const tickets: fc.Arbitrary<Signed<Ticket>> = fc.record({
  ticketId: text,
  subject: subjects,
  connection: optionalText,
  task: optionalText,
  issuedAt: number,
  expiresAt: number,
  scram: fc.record({ salt: bytes, iterations: int, storedKey: bytes, serverKey: bytes }),
  seal: seals,
})

const deadLetters: fc.Arbitrary<DeadLetter> = fc.record({
  topic: text,
  partition: int,
  offset: number,
  time: number,
  error: text,
  key: bytes,
  value: bytes,
  headers: text,
})

const audits: fc.Arbitrary<Audit> = fc.record({
  header: fc.record({
    eventId: fc.uuid(),
    sessionId: fc.uuid(),
    sequence: number,
    nodeId: text,
    time: number,
    kind: fc.constantFrom('request', 'session_closed'),
    direction: fc.constant('none'),
    protocol: text,
    connection: text,
    subject: subjects,
    operation: text,
    requestId: optionalText,
    actions: fc.array(text, { maxLength: 2 }),
    resources: fc.array(text, { maxLength: 2 }),
    touches: fc.constant([]),
    fingerprint: optionalText,
    decision: fc.constant(null),
    obligations: fc.constant([]),
    outcome: fc.constant(null),
    clientAddress: optionalText,
    trace: optionalText,
  }),
  sensitiveSpans: fc.constant([]),
  context: optionalText,
  segments: fc.array(
    fc.record({
      kind: fc.constantFrom('text', 'bind'),
      label: text,
      length: number,
      commitment: sha256,
      part: int,
      parts: int,
      disclosure: fc.constantFrom('shown', 'withheld', 'altered'),
      nonce: fc.option(bytes, { nil: null }),
      bytes: fc.option(bytes, { nil: null }),
      reason: optionalText,
      tag: optionalText,
    }),
    { maxLength: 3 },
  ),
  text: optionalText,
  claims: fc.dictionary(text, text, { maxKeys: 3, noNullPrototype: true }),
  unsanitised: fc.boolean(),
  closing: fc.option(fc.record({ count: number, signature: bytes, keyId: text }), { nil: null }),
  previousLink: sha256,
  link: sha256,
  maskerKeyId: text,
  maskerSignature: bytes,
})

function outcomeOf(read: () => unknown): string {
  try {
    read()
    return 'read'
  } catch (error) {
    return error instanceof PeerInvalid ? 'PeerInvalid' : String(error)
  }
}

describeCodec('controlCodec', () => controlCodec(new MemorySchemaRegistry(), TOPICS.tickets), tickets)
describeCodec('deadLetterCodec', () => deadLetterCodec(new MemorySchemaRegistry()), deadLetters)
describeCodec('auditCodec', () => auditCodec(new MemorySchemaRegistry()), audits)

function describeCodec<T>(name: string, open: () => Promise<Codec<T>>, values: fc.Arbitrary<T>): void {
  describe(`${name}`, () => {
    it('decodes what it encodes, and encodes that to the same bytes', async () => {
      const codec = await open()
      fc.assert(
        fc.property(values, (value) => {
          const encoded = codec.encode(value)
          expect([...encoded.subarray(0, 5)]).toEqual([0, 0, 0, 0, codec.schemaId])
          const decoded = codec.decode(encoded)
          expect(decoded).toEqual(value)
          expect(codec.encode(decoded)).toEqual(encoded)
        }),
      )
    })

    it('throws PeerInvalid on garbage, on a record that is cut, and on one that goes on', async () => {
      const codec = await open()
      fc.assert(
        fc.property(values, fc.nat(), (value, cut) => {
          const encoded = codec.encode(value)
          expect(() => codec.decode(encoded.subarray(0, cut % encoded.length))).toThrow(PeerInvalid)
          expect(() => codec.decode(Buffer.concat([encoded, Buffer.from([0])]))).toThrow(PeerInvalid)
          expect(() => codec.decode(Buffer.concat([Buffer.from([1]), encoded.subarray(1)]))).toThrow(PeerInvalid)
        }),
      )
    })

    it('answers in time, with PeerInvalid, whatever bytes follow the schema id', async () => {
      const codec = await open()
      const start = Buffer.from([0, 0, 0, 0, codec.schemaId])
      const bodies = fc.array(fc.constantFrom(0, 1, 2, 4, 0x7e, 0x80, 0xff, 0xfe, 0x48), { maxLength: 300 })
      fc.assert(
        fc.property(bodies, (body) => {
          const record = Buffer.concat([start, Buffer.from(body)])
          expect(['read', 'PeerInvalid']).toContain(outcomeOf(() => codec.encode(codec.decode(record))))
        }),
        { numRuns: 2_000 },
      )
    })
  })
}

describe('frameCodec', () => {
  it('knows no other schema id', async () => {
    const codec = await frameCodec(new MemorySchemaRegistry())
    expect(() => codec.decode(Buffer.from([0, 0, 0, 0, 9, 1, 2, 3]))).toThrow(
      expect.objectContaining({ code: 'schema_unknown' }),
    )
  })

  it('says where there is too little room', async () => {
    const registry = new MemorySchemaRegistry()
    const codec = await frameCodec(registry)
    const frame = {
      ...(avro.Type.forSchema(JSON.parse(await readSchema('frame.avsc')), { wrapUnions: 'never' }).random() as object),
    }
    const encoded = codec.encode(frame as never)
    const target = Buffer.alloc(encoded.length + 3)
    expect(codec.encodeInto(frame as never, target, 3)).toBe(target.length)
    expect(target.subarray(3)).toEqual(encoded)
    expect(() => codec.encodeInto(frame as never, target, 4)).toThrow(RangeError)
    expect(() => codec.encodeInto(frame as never, target, target.length - 2)).toThrow(RangeError)
  })
})

describe('a record of an earlier schema', () => {
  const appliedBy = { issuer: 'i', id: 'a', kind: 'human', groups: [], onBehalfOf: null } as const
  const seal = { version: 1, previous: null, time: 5, keyId: 'k', signature: Buffer.alloc(64) }
  const before = { contentHash: 'h', files: [{ name: 'a.cedar', text: '' }], approvalRules: '{}', appliedBy, seal }

  it('is read with the default of what came later', async () => {
    const registry = new MemorySchemaRegistry()
    const text = await readSchema('earlier/policy-set-1.avsc')
    const id = await registry.idOf(valueSubject(TOPICS.policies), text)
    const body = avro.Type.forSchema(JSON.parse(text), { wrapUnions: 'never' }).toBuffer(before)
    const written = Buffer.concat([Buffer.from([0, 0, 0, 0, id]), body])
    const codec = await controlCodec(registry, TOPICS.policies)
    expect(codec.schemaId).not.toBe(id)
    expect(codec.decode(written)).toEqual({ ...before, masking: '{}' })
    for (const cut of [written.subarray(0, -1), Buffer.concat([written, Buffer.alloc(1)])]) {
      expect(() => codec.decode(cut)).toThrow(PeerInvalid)
    }
    const other = await controlCodec(new MemorySchemaRegistry(), TOPICS.policies)
    expect(() => other.decode(Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), body]))).toThrow(
      expect.objectContaining({ code: 'schema_unknown' }),
    )
  })

  it('is not read by a schema that somebody wrote into the registry', async () => {
    const registry = new MemorySchemaRegistry()
    const schema = JSON.parse(await readSchema('earlier/policy-set-1.avsc'))
    const [hash, files, rules, ...rest] = schema.fields
    const swapped = { ...schema, fields: [rules, files, hash, ...rest] }
    const id = await registry.idOf(valueSubject(TOPICS.policies), JSON.stringify(swapped))
    const codec = await controlCodec(registry, TOPICS.policies)
    const body = avro.Type.forSchema(swapped, { wrapUnions: 'never' }).toBuffer(before)
    expect(() => codec.decode(Buffer.concat([Buffer.from([0, 0, 0, 0, id]), body]))).toThrow(
      expect.objectContaining({ code: 'schema_unknown' }),
    )
  })
})

describe('the schemas', () => {
  it('repeat the shared types word for word: header, spans, closing and links are the same in frame and audit', async () => {
    const [frame, audit] = await Promise.all(
      ['frame.avsc', 'audit.avsc'].map(async (file) => JSON.parse(await readSchema(file))),
    )
    const field = (schema: { fields: { name: string }[] }, name: string) =>
      schema.fields.find((one) => one.name === name)
    for (const name of ['header', 'sensitiveSpans', 'context', 'closing', 'previousLink', 'link']) {
      expect(field(audit, name)).toEqual(field(frame, name))
    }
    const descriptions = field(frame, 'segments') as never as {
      type: { items: { fields: { name: string; type: unknown }[] } }
    }
    const audited = field(audit, 'segments') as never as typeof descriptions
    const names = (list: { name: string }[]) => list.map(({ name }) => name)
    const count = descriptions.type.items.fields.length
    expect(names(audited.type.items.fields.slice(0, count))).toEqual(names(descriptions.type.items.fields))
  })

  it('have the records that the topics name', async () => {
    for (const [topic, { schemaFile, record }] of Object.entries(TOPIC_FACTS)) {
      const schema = JSON.parse(await readFile(new URL(`../../../schemas/${schemaFile}`, import.meta.url), 'utf8'))
      expect([topic, `${schema.namespace}.${schema.name}`]).toEqual([topic, record])
    }
    expect(valueSubject(TOPICS.frames)).toBe('sluice.frames.v1-value')
  })
})
