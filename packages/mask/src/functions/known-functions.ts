// What of PostgreSQL's own a query tree may call, name and read: by id and major version, as reviewed in generate.ts.

/** `total`: may also take a sensitive argument in an output. `plain`: clean arguments only. */
export type FunctionVerdict = 'total' | 'plain'

/**
 * An object that initdb made after the fixed ids: the functions and domains of information_schema. Their ids differ by
 * build, so the published catalog names them. Asked for with STANDARD_OBJECTS.
 */
export type StandardObject = {
  readonly kind: 'function' | 'type'
  readonly id: number
  /** Schema, name and argument types: `information_schema._pg_truetypid(pg_attribute,pg_type)`. */
  readonly name: string
}

export interface KnownFunctions {
  /**
   * `total`: may take a sensitive argument in an output: cheap, never fails, tells nothing by time, if its arguments are
   * of known types. `plain`: reads or computes only, for clean arguments. undefined: off the list.
   */
  function(id: number): FunctionVerdict | undefined
  /** The operator's function id; undefined for operators that are not PostgreSQL's own. */
  operatorFunction(id: number): number | undefined
  /** Is it PostgreSQL's own `=` of a type (btree or hash equality)? */
  isEquality(operatorId: number): boolean
  /** Aggregates: count(*), count(any). */
  isCount(functionId: number): boolean
  /** A type of PostgreSQL's own whose input and output are known. */
  isType(id: number): boolean
  /** Does every value of one known type have a text, and is every text a value of the other (text, varchar …)? */
  isTotalCoercion(fromType: number, toType: number): boolean
  /**
   * Catalog tables with fixed ids: `clean`; `columns`: ask `catalogColumn` of each that is used; undefined where reading
   * them is not allowed (pg_statistic, pg_largeobject, pg_user_mapping …).
   */
  catalogRelation(relid: number): 'clean' | 'columns' | undefined
  /** `attno` 0 is the whole row. undefined: not allowed (pg_authid.rolpassword …). */
  catalogColumn(relid: number, attno: number): 'clean' | undefined
  nameOf(functionId: number): string | undefined
  operatorName(id: number): string | undefined
  /** Deterministic collations of PostgreSQL's own (and 0). */
  isDeterministicCollation(id: number): boolean
}

const NOTHING: KnownFunctions = {
  function: () => undefined,
  operatorFunction: () => undefined,
  isEquality: () => false,
  isCount: () => false,
  isType: () => false,
  isTotalCoercion: () => false,
  catalogRelation: () => undefined,
  catalogColumn: () => undefined,
  nameOf: () => undefined,
  operatorName: () => undefined,
  isDeterministicCollation: () => false,
}

/** Knows nothing of a version that was not reviewed. `standard`: what the published catalog says of initdb's objects. */
export function knownFunctions(_serverMajor: number, _standard: readonly StandardObject[] = []): KnownFunctions {
  return NOTHING
}
