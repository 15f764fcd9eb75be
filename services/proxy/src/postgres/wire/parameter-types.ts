// Ids of PostgreSQL's own types that people declare parameters with. Source: pg_type.dat.

import { int16 } from './encode.ts'

const TYPE_IDS: Readonly<Record<string, number>> = {
  bool: 16,
  bpchar: 1042,
  bytea: 17,
  date: 1082,
  float4: 700,
  float8: 701,
  int2: 21,
  int4: 23,
  int8: 20,
  interval: 1186,
  json: 114,
  jsonb: 3802,
  name: 19,
  numeric: 1700,
  text: 25,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  uuid: 2950,
  varchar: 1043,
}

/** The end of a Parse message; null where a type is not among them. */
export function parameterTypes(names: readonly string[]): Buffer | null {
  const ids = names.map((name) => (Object.hasOwn(TYPE_IDS, name) ? TYPE_IDS[name] : undefined))
  if (ids.some((id) => id === undefined)) return null
  const bytes = Buffer.alloc(4 * ids.length)
  ids.forEach((id, index) => {
    bytes.writeUInt32BE(id ?? 0, 4 * index)
  })
  return Buffer.concat([int16(ids.length), bytes])
}
