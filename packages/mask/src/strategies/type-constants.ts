// A valid constant for each of PostgreSQL's own types, as text and as `typreceive` reads it. Ids are fixed (pg_type.dat).

/** `text`: the placeholder itself. `json`, `jsonb`, `xml`: text with a syntax. The rest: a constant that never changes. */
type Constant =
  | { readonly kind: 'text' | 'name' | 'json' | 'jsonb' | 'xml' | 'bytea' }
  | { readonly kind: 'fixed'; readonly text: string; readonly binary: Buffer }

export type KnownType = {
  readonly name: string
  readonly constant: Constant
  /** Of its array type. */
  readonly array: number | null
}

const fixed = (text: string, binary: Buffer): Constant => ({ kind: 'fixed', text, binary })
const zeros = (bytes: number): Buffer => Buffer.alloc(bytes)
const bytes = (...values: readonly number[]): Buffer => Buffer.from(values)

const doubles = (...values: readonly number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 8)
  for (const [index, value] of values.entries()) buffer.writeDoubleBE(value, index * 8)
  return buffer
}

const TEXT: Constant = { kind: 'text' }
/** `regproc` and its like as 0. */
const NO_OBJECT = fixed('-', zeros(4))
const EMPTY_RANGE = fixed('empty', bytes(1))
const NO_RANGES = fixed('{}', zeros(4))
const ONE_POINT = Buffer.concat([bytes(0, 0, 0, 1), zeros(16)])
/** Family 2 is IPv4 (PGSQL_AF_INET), then the bits of the mask, whether it is a cidr, the bytes of the address. */
const inet = (isCidr: 0 | 1): Buffer => bytes(2, 32, isCidr, 4, 0, 0, 0, 0)

const TYPES: readonly (readonly [id: number, name: string, constant: Constant, array: number | null])[] = [
  [16, 'bool', fixed('f', bytes(0)), 1000],
  [17, 'bytea', { kind: 'bytea' }, 1001],
  [18, '"char"', fixed('*', bytes(0x2a)), 1002],
  [19, 'name', { kind: 'name' }, 1003],
  [20, 'int8', fixed('0', zeros(8)), 1016],
  [21, 'int2', fixed('0', zeros(2)), 1005],
  [23, 'int4', fixed('0', zeros(4)), 1007],
  [24, 'regproc', NO_OBJECT, 1008],
  [25, 'text', TEXT, 1009],
  [26, 'oid', fixed('0', zeros(4)), 1028],
  [27, 'tid', fixed('(0,0)', zeros(6)), 1010],
  [28, 'xid', fixed('0', zeros(4)), 1011],
  [29, 'cid', fixed('0', zeros(4)), 1012],
  [114, 'json', { kind: 'json' }, 199],
  [142, 'xml', { kind: 'xml' }, 143],
  [600, 'point', fixed('(0,0)', doubles(0, 0)), 1017],
  [601, 'lseg', fixed('[(0,0),(0,0)]', zeros(32)), 1018],
  [602, 'path', fixed('((0,0))', Buffer.concat([bytes(1), ONE_POINT])), 1019],
  [603, 'box', fixed('(0,0),(0,0)', zeros(32)), 1020],
  [604, 'polygon', fixed('((0,0))', ONE_POINT), 1027],
  [628, 'line', fixed('{1,0,0}', doubles(1, 0, 0)), 629],
  [650, 'cidr', fixed('0.0.0.0/32', inet(1)), 651],
  [700, 'float4', fixed('0', zeros(4)), 1021],
  [701, 'float8', fixed('0', zeros(8)), 1022],
  [705, 'unknown', TEXT, null],
  [718, 'circle', fixed('<(0,0),0>', zeros(24)), 719],
  [774, 'macaddr8', fixed('00:00:00:00:00:00:00:00', zeros(8)), 775],
  [790, 'money', fixed('$0.00', zeros(8)), 791],
  [829, 'macaddr', fixed('00:00:00:00:00:00', zeros(6)), 1040],
  [869, 'inet', fixed('0.0.0.0', inet(0)), 1041],
  [1042, 'bpchar', TEXT, 1014],
  [1043, 'varchar', TEXT, 1015],
  [1082, 'date', fixed('2000-01-01', zeros(4)), 1182],
  [1083, 'time', fixed('00:00:00', zeros(8)), 1183],
  [1114, 'timestamp', fixed('2000-01-01 00:00:00', zeros(8)), 1115],
  [1184, 'timestamptz', fixed('2000-01-01 00:00:00+00', zeros(8)), 1185],
  [1186, 'interval', fixed('00:00:00', zeros(16)), 1187],
  [1266, 'timetz', fixed('00:00:00+00', zeros(12)), 1270],
  [1560, 'bit', fixed('0', bytes(0, 0, 0, 1, 0)), 1561],
  [1562, 'varbit', fixed('0', bytes(0, 0, 0, 1, 0)), 1563],
  [1700, 'numeric', fixed('0', zeros(8)), 1231],
  [1790, 'refcursor', TEXT, 2201],
  [2202, 'regprocedure', NO_OBJECT, 2207],
  [2203, 'regoper', fixed('0', zeros(4)), 2208],
  [2204, 'regoperator', fixed('0', zeros(4)), 2209],
  [2205, 'regclass', NO_OBJECT, 2210],
  [2206, 'regtype', NO_OBJECT, 2211],
  [2950, 'uuid', fixed('00000000-0000-0000-0000-000000000000', zeros(16)), 2951],
  [3220, 'pg_lsn', fixed('0/0', zeros(8)), 3221],
  [3614, 'tsvector', fixed('', zeros(4)), 3643],
  [3734, 'regconfig', NO_OBJECT, 3735],
  [3769, 'regdictionary', NO_OBJECT, 3770],
  [3802, 'jsonb', { kind: 'jsonb' }, 3807],
  [3904, 'int4range', EMPTY_RANGE, 3905],
  [3906, 'numrange', EMPTY_RANGE, 3907],
  [3908, 'tsrange', EMPTY_RANGE, 3909],
  [3910, 'tstzrange', EMPTY_RANGE, 3911],
  [3912, 'daterange', EMPTY_RANGE, 3913],
  [3926, 'int8range', EMPTY_RANGE, 3927],
  [4072, 'jsonpath', fixed('$', bytes(1, 0x24)), 4073],
  [4089, 'regnamespace', NO_OBJECT, 4090],
  [4096, 'regrole', NO_OBJECT, 4097],
  [4191, 'regcollation', NO_OBJECT, 4192],
  [4451, 'int4multirange', NO_RANGES, 6150],
  [4532, 'nummultirange', NO_RANGES, 6151],
  [4533, 'tsmultirange', NO_RANGES, 6152],
  [4534, 'tstzmultirange', NO_RANGES, 6153],
  [4535, 'datemultirange', NO_RANGES, 6155],
  [4536, 'int8multirange', NO_RANGES, 6157],
  [5069, 'xid8', fixed('0', zeros(8)), 271],
]

export const KNOWN_TYPES: ReadonlyMap<number, KnownType> = new Map(
  TYPES.map(([id, name, constant, array]) => [id, { name, constant, array }]),
)

/** From the id of an array type to its element's. */
export const ARRAY_ELEMENTS: ReadonlyMap<number, number> = new Map(
  TYPES.flatMap(([id, , , array]) => (array === null ? [] : [[array, id] as const])),
)

/** Types whose text and binary formats are the stored characters themselves. */
const PLAIN_TEXT: ReadonlySet<number> = new Set([19, 25, 705, 1042, 1043])

export const isPlainText = (type: number): boolean => PLAIN_TEXT.has(type)
