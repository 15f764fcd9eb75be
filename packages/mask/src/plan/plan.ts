// What is sensitive in one database, and how it is masked: made by the masker, signed, followed by the proxies.

import type { StandardObject } from '../functions/known-functions.ts'

/** A kind of sensitive data: `pii.ssn`. */
export type Tag = string

/** What could not be traced. It has the default rule. */
export const UNKNOWN_TAG: Tag = 'unknown'

export const STRATEGIES = ['redact', 'partial', 'tokenize', 'hash', 'null'] as const

export type Strategy = (typeof STRATEGIES)[number]

export const TOUCH_RULES = ['allow', 'equality', 'approve', 'deny'] as const

/** Whether a value may be used other than as an output. `equality`: with constants, within the budget. */
export type TouchRule = (typeof TOUCH_RULES)[number]

export type TagRule = {
  readonly strategy: Strategy
  readonly touch: TouchRule
  /** Distinct constants that one statement may compare with. */
  readonly valuesPerStatement: number
  /** Distinct constants that one subject may compare with in a day. */
  readonly valuesPerDay: number
  /** Distinct constants that one subject may write to such columns in a day: keys and joins answer for each. */
  readonly writtenPerDay: number
}

export const DEFAULT_TAG_RULE: TagRule = {
  strategy: 'redact',
  touch: 'equality',
  valuesPerStatement: 5,
  valuesPerDay: 50,
  writtenPerDay: 1_000,
}

/** `clean`: passes. `tagged`: masked by its tags' rules. `scanned`: free text, what the detectors find in it is masked. */
export type Verdict = 'clean' | 'tagged' | 'scanned'

export type PlannedColumn = {
  /** Computed from other columns: COPY of a table leaves it out. Absent where it is not. */
  readonly generated?: true | undefined
  /** It holds what was computed of other columns, a part of a value perhaps. Absent where it does not. */
  readonly made?: true | undefined
  /** `pg_attribute.attnum`, from 1. */
  readonly attno: number
  readonly name: string
  /** `pg_type` id. */
  readonly type: number
  readonly verdict: Verdict
  /** At least one where it is tagged; also on scanned ones where a finding named one. */
  readonly tags: readonly Tag[]
  /** For people: `sluice.yaml rule 2`, `comment`, `view of public.customers.ssn`, `finding`, `free text` … */
  readonly why: string
}

export type PlannedRelation = {
  /** `pg_class.oid`. */
  readonly relid: number
  readonly schema: string
  readonly name: string
  /** `pg_class.relkind`: r, p, v, m, f, S, t, c. */
  readonly kind: string
  /** Code of the database's own that a read of it may run at analysis: a domain's check, a type's input function. */
  readonly readsRunCode: boolean
  /** Triggers or rules that run code off the allow-list when it is written. */
  readonly writesRunCode: boolean
  /** Partitioned or clustered by a sensitive column: its system columns tell of values. */
  readonly placedByValue: boolean
  /** An index may give its rows in the order of a sensitive column, whoever asks for what. Absent where none does. */
  readonly orderedByValue?: true | undefined
  /** Partitioned by a sensitive column, or part of such a table: which rows are in it tells of their values. */
  readonly splitByValue?: true | undefined
  /** A write of it may write rows that hold sensitive values, or fail by them: children, and what refers to its rows. */
  readonly writesAlong?: true | undefined
  readonly columns: readonly PlannedColumn[]
}

export type PlannedType = {
  /** `pg_type` id, from 16384. */
  readonly typeId: number
  /** `pg_type.typtype`: b, c, d, e, p, r, m. */
  readonly kind: string
  /** Of a domain, of an array its element; null otherwise. */
  readonly base: number | null
  /** Input, output and checks are PostgreSQL's own: it may be named, read and written. */
  readonly known: boolean
  /** Of a composite type the relation that describes its fields; null otherwise. */
  readonly relid: number | null
}

export type MaskPlan = {
  readonly connection: string
  /** `pg_database.oid`. */
  readonly databaseId: number
  /** `server_version_num / 10000`. */
  readonly serverMajor: number
  /** SHA-256 in hex of all of the plan but this and `madeAt`: what is decided by it carries it. */
  readonly version: string
  /** Microseconds since the epoch, UTC. */
  readonly madeAt: number
  /** Of the catalog that it was made from. */
  readonly catalogHash: string
  readonly relations: readonly PlannedRelation[]
  readonly types: readonly PlannedType[]
  /** What initdb made after the fixed ids, as the catalog says: for `knownFunctions`. */
  readonly standard: readonly StandardObject[]
  /** The rule of every tag that occurs. */
  readonly tags: Readonly<Record<Tag, TagRule>>
}
