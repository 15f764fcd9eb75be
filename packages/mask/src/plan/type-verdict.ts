// What a column's type says of it: whether it can hold free text, or nothing that could be sensitive by itself.

import { FIRST_USER_ID } from '../functions/object-ids.ts'
import type { CatalogColumn, CatalogType } from './catalog.ts'
import type { ValueClass } from './name-tags.ts'

export type TypeClass =
  /** Characters; `width` is how many at most, null where there is no bound. */
  | { readonly kind: 'characters'; readonly width: number | null }
  /** Wide or unstructured, whatever its name. */
  | { readonly kind: 'free' }
  | { readonly kind: 'plain'; readonly holds: ValueClass }
  /** A row of the relation. */
  | { readonly kind: 'row'; readonly relid: number }
  /** Not known, or such that its values tell others. */
  | { readonly kind: 'unknown' }

/** What `atttypmod` counts besides the characters. */
const TYPMOD_HEADER = 4
const NO_TYPMOD = -1
const MAX_DEPTH = 32

const CHARACTERS = [25, 1043, 1042, 19]
/** bytea, json, jsonb, jsonpath, xml, refcursor. */
const FREE = [17, 114, 3802, 4072, 142, 1790]
/** int8, int2, int4, oid, float4, float8, money, numeric. */
const NUMBERS = [20, 21, 23, 26, 700, 701, 790, 1700]
/** date, time, timestamp, timestamptz, interval, timetz. */
const DATES = [1082, 1083, 1114, 1184, 1186, 1266]
const UUID = 2950
/** bool, "char", tid, xid, cid, bit, varbit, pg_lsn, reg*, txid_snapshot, xid8, macaddr, macaddr8, inet, cidr. */
const OTHERS = [
  16, 18, 27, 28, 29, 1560, 1562, 3220, 24, 2202, 2203, 2204, 2205, 2206, 3734, 3769, 4089, 4096, 4191, 2970, 5038,
  5069, 829, 774, 869, 650,
]
const RANGES: Readonly<Record<number, number>> = {
  3904: 23,
  3906: 1700,
  3908: 1114,
  3910: 1184,
  3912: 1082,
  3926: 20,
  4451: 23,
  4532: 1700,
  4533: 1114,
  4534: 1184,
  4535: 1082,
  4536: 20,
}
/** PostgreSQL's own array types, of all types above. */
const ARRAYS: Readonly<Record<number, number>> = {
  1000: 16,
  1001: 17,
  1002: 18,
  1003: 19,
  1005: 21,
  1007: 23,
  1009: 25,
  1014: 1042,
  1015: 1043,
  1016: 20,
  1021: 700,
  1022: 701,
  1028: 26,
  1040: 829,
  1041: 869,
  1115: 1114,
  1182: 1082,
  1183: 1083,
  1185: 1184,
  1187: 1186,
  1231: 1700,
  1270: 1266,
  143: 142,
  199: 114,
  2951: 2950,
  3807: 3802,
  651: 650,
  791: 790,
}

/** Types of extensions that are texts, or hold any. */
const EXTENSION_TYPES: Readonly<Record<string, TypeClass>> = {
  citext: { kind: 'characters', width: null },
  hstore: { kind: 'free' },
}

export function typeClassOf(
  { type, typmod }: Pick<CatalogColumn, 'type' | 'typmod'>,
  types: ReadonlyMap<number, CatalogType>,
): TypeClass {
  return classOf(type, typmod, types, 0)
}

function classOf(type: number, typmod: number, types: ReadonlyMap<number, CatalogType>, depth: number): TypeClass {
  if (depth > MAX_DEPTH) return { kind: 'unknown' }
  if (type < FIRST_USER_ID) return ownClassOf(type, typmod)
  const known = types.get(type)
  if (known === undefined) return { kind: 'unknown' }
  const { kind, base, relid, name } = known
  if (kind === 'e') return { kind: 'plain', holds: 'other' }
  if (kind === 'c' && relid !== null) return { kind: 'row', relid }
  const extension = Object.hasOwn(EXTENSION_TYPES, name) ? EXTENSION_TYPES[name] : undefined
  if (kind === 'b' && base === null) return extension ?? { kind: 'unknown' }
  // The width of an element bounds no array.
  return base === null ? { kind: 'unknown' } : classOf(base, kind === 'd' ? typmod : NO_TYPMOD, types, depth + 1)
}

function ownClassOf(type: number, typmod: number): TypeClass {
  if (CHARACTERS.includes(type)) {
    return { kind: 'characters', width: typmod > TYPMOD_HEADER ? typmod - TYPMOD_HEADER : null }
  }
  if (FREE.includes(type)) return { kind: 'free' }
  if (NUMBERS.includes(type)) return { kind: 'plain', holds: 'number' }
  if (DATES.includes(type)) return { kind: 'plain', holds: 'date' }
  if (type === UUID) return { kind: 'plain', holds: 'uuid' }
  if (OTHERS.includes(type)) return { kind: 'plain', holds: 'other' }
  const inner = RANGES[type] ?? ARRAYS[type]
  return inner === undefined ? { kind: 'unknown' } : ownClassOf(inner, NO_TYPMOD)
}

/** What a name may say of its values. */
export function valueClassOf(type: TypeClass): ValueClass {
  if (type.kind === 'plain') return type.holds
  return type.kind === 'characters' || type.kind === 'free' ? 'text' : 'other'
}
