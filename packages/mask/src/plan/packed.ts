// Catalogs and plans as they lie in signed records: JSON, compressed, bounded; read back into types that can't be wrong.

import { zstdCompressSync } from 'node:zlib'
import { PeerInvalid } from '@sluice/events'
import { z } from 'zod'
import { FIRST_USER_ID } from '../functions/object-ids.ts'
import { type CatalogSnapshot, canonicalCatalog } from './catalog.ts'
import { type MaskPlan, STRATEGIES, TOUCH_RULES } from './plan.ts'
import { unpack } from './unpack.ts'

/** Of a body as it is published. */
export const MAX_PACKED_BYTES = 16 * 1024 * 1024
/** Of its text: a database with half a million columns has a quarter of it. */
export const MAX_UNPACKED_BYTES = 256 * 1024 * 1024

const MAX_OID = 0xffff_ffff
const MAX_ATTNO = 1_600
const FIRST_STANDARD_ID = 10_000

const oid = z.int().min(1).max(MAX_OID)
const attno = z.int().min(1).max(MAX_ATTNO)
/** Names have 63 bytes, and more only where PostgreSQL was built so. */
const name = z.string().max(256)
const letter = z.string().regex(/^[a-zA-Z]$/)
const text = z.string().max(1_048_576)

const columnSchema = z.strictObject({
  attno,
  name,
  type: oid,
  typeName: name,
  typmod: z.int(),
  comment: text.nullable(),
  labels: z.array(text),
  generatedFrom: z.array(attno).nullable(),
  origins: z.array(z.strictObject({ relid: oid, attno })).nullable(),
  bare: z.boolean(),
})

const catalogRelationSchema = z.strictObject({
  relid: oid,
  schema: name,
  name,
  kind: letter,
  comment: text.nullable(),
  columns: z.array(columnSchema).refine((all) => areDistinct(all.map((one) => one.attno)), 'a column is there twice'),
  parents: z.array(oid),
  keys: z.array(z.strictObject({ primary: z.boolean(), columns: z.array(attno) })),
  indexes: z.array(z.strictObject({ columns: z.array(attno).nullable(), partial: z.boolean() })),
  placedBy: z.array(attno).nullable(),
  code: z.array(
    z.strictObject({
      kind: z.enum(['trigger', 'rule', 'check', 'index', 'default', 'generated']),
      name,
      functions: z.array(oid).nullable(),
    }),
  ),
})

const standardSchema = z.array(
  z.strictObject({
    kind: z.enum(['function', 'type']),
    /** What users made can't pass as initdb's. */
    id: z
      .int()
      .min(FIRST_STANDARD_ID)
      .max(FIRST_USER_ID - 1),
    name: z.string().max(1_024),
  }),
)

const catalogSchema: z.ZodType<CatalogSnapshot> = z.strictObject({
  connection: z.string().min(1).max(63),
  databaseId: oid,
  databaseName: name,
  serverMajor: z.int().min(1).max(1_000),
  relations: z
    .array(catalogRelationSchema)
    .refine((all) => areDistinct(all.map(({ relid }) => relid)), 'a relation is there twice'),
  foreignKeys: z.array(
    z
      .strictObject({
        name,
        relid: oid,
        columns: z.array(attno),
        references: z.strictObject({ relid: oid, columns: z.array(attno) }),
      })
      .refine(({ columns, references }) => columns.length === references.columns.length, 'its ends differ in length'),
  ),
  types: z
    .array(
      z.strictObject({
        typeId: oid.min(FIRST_USER_ID),
        name,
        kind: letter,
        base: oid.nullable(),
        ioBuiltin: z.boolean(),
        checks: z.enum(['none', 'plain', 'code']),
        relid: oid.nullable(),
      }),
    )
    .refine((all) => areDistinct(all.map(({ typeId }) => typeId)), 'a type is there twice'),
  standard: standardSchema,
})

const tag = z.string().min(1).max(64)

const planSchema: z.ZodType<MaskPlan> = z.strictObject({
  connection: z.string().min(1).max(63),
  databaseId: oid,
  serverMajor: z.int().min(1).max(1_000),
  version: z.string().regex(/^[0-9a-f]{64}$/),
  madeAt: z.int().min(0),
  catalogHash: z.string().regex(/^[0-9a-f]{64}$/),
  relations: z.array(
    z.strictObject({
      relid: oid,
      schema: name,
      name,
      kind: letter,
      readsRunCode: z.boolean(),
      writesRunCode: z.boolean(),
      placedByValue: z.boolean(),
      orderedByValue: z.literal(true).optional(),
      splitByValue: z.literal(true).optional(),
      writesAlong: z.literal(true).optional(),
      columns: z.array(
        z
          .strictObject({
            attno,
            name,
            type: oid,
            verdict: z.enum(['clean', 'tagged', 'scanned']),
            tags: z.array(tag),
            why: z.string().max(1_024),
            generated: z.literal(true).optional(),
            made: z.literal(true).optional(),
          })
          .refine(({ verdict, tags }) => verdict !== 'tagged' || tags.length > 0, 'a tagged column has no tag')
          .refine(({ verdict, tags }) => verdict !== 'clean' || tags.length === 0, 'a clean column has a tag'),
      ),
    }),
  ),
  types: z.array(
    z.strictObject({
      typeId: oid,
      kind: letter,
      base: oid.nullable(),
      known: z.boolean(),
      relid: oid.nullable(),
    }),
  ),
  standard: standardSchema,
  tags: z.record(
    tag,
    z.strictObject({
      strategy: z.enum(STRATEGIES),
      touch: z.enum(TOUCH_RULES),
      valuesPerStatement: z.int().min(0),
      valuesPerDay: z.int().min(0),
      writtenPerDay: z.int().min(0),
    }),
  ),
})

function areDistinct(numbers: readonly number[]): boolean {
  return new Set(numbers).size === numbers.length
}

/** Throws PeerInvalid `record_too_large`. */
export function packCatalog(catalog: CatalogSnapshot): Buffer {
  return pack(canonicalCatalog(catalog))
}

/** Throws PeerInvalid `record_malformed` on anything but what `packCatalog` makes. */
export function unpackCatalog(body: Buffer): CatalogSnapshot {
  return unpackBody(catalogSchema, body)
}

/** Throws PeerInvalid `record_too_large`. */
export function packPlan(plan: MaskPlan): Buffer {
  return pack(plan)
}

/** Throws PeerInvalid `record_malformed` on anything but what `packPlan` makes. */
export function unpackPlan(body: Buffer): MaskPlan {
  return unpackBody(planSchema, body)
}

function pack(value: unknown): Buffer {
  const body = zstdCompressSync(JSON.stringify(value))
  if (body.length <= MAX_PACKED_BYTES) return body
  throw new PeerInvalid(
    'record_too_large',
    `what is to be published takes ${body.length} bytes, and a record has at most ${MAX_PACKED_BYTES}; keep schemas that nobody needs here out of the gateway's reach`,
  )
}

function unpackBody<Value>(schema: z.ZodType<Value>, body: Buffer): Value {
  return unpack(schema, body, MAX_UNPACKED_BYTES, 'the body of the record')
}
