// What of PostgreSQL's own a query tree may call, name and read: by id and major version, as reviewed in review.ts.

import { entriesOf, idsOf, namesOf } from './lists.ts'
import { reviewedStandardObjects, type StandardObject } from './standard-objects.ts'

export type { StandardObject } from './standard-objects.ts'

/** `total`: may also take a sensitive argument in an output. `plain`: clean arguments only. */
export type FunctionVerdict = 'total' | 'plain'

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
  /** Of functions off the list as well: for messages to people. */
  nameOf(functionId: number): string | undefined
  operatorName(id: number): string | undefined
  /** Deterministic collations of PostgreSQL's own (and 0). */
  isDeterministicCollation(id: number): boolean
  /**
   * Says this argument (from 0) of a `total` function how much is taken, or which one? The time that takes tells of it:
   * a sensitive value there is a touch.
   */
  isSizeArgument(functionId: number, index: number): boolean
}

const FIRST_MAJOR = 13
const LAST_MAJOR = 18

/** What is the same on every server of a version. */
type Fixed = {
  readonly total: ReadonlyMap<number, string>
  readonly sized: ReadonlySet<number>
  readonly plain: ReadonlyMap<number, string>
  /** Off the list: only their names. */
  readonly refused: ReadonlyMap<number, string>
  readonly operators: ReadonlyMap<number, { readonly name: string; readonly implementation: number }>
  readonly equality: ReadonlySet<number>
  readonly counts: ReadonlySet<number>
  readonly types: ReadonlySet<number>
  readonly asText: ReadonlySet<number>
  readonly textual: ReadonlySet<number>
  readonly catalogs: ReadonlyMap<number, string>
  /** By relation: columns that nobody reads. */
  readonly closedColumns: ReadonlyMap<number, ReadonlySet<number>>
  readonly collations: ReadonlySet<number>
}

const fixedByMajor = new Map<number, Fixed>()

function operatorsOf(major: number): Fixed['operators'] {
  return new Map(
    entriesOf('operators', major).map((entry) => {
      const {
        name = '',
        id,
        implementation,
      } = /^(?<name>.*):(?<id>\d+)=(?<implementation>\d+)$/.exec(entry)?.groups ?? {}
      return [Number(id), { name, implementation: Number(implementation) }]
    }),
  )
}

function closedColumnsOf(major: number): Fixed['closedColumns'] {
  const closed = new Map<number, Set<number>>()
  for (const entry of entriesOf('closedColumns', major)) {
    const [relid = 0, attno = 0] = entry.split('.').map(Number)
    closed.set(relid, (closed.get(relid) ?? new Set()).add(attno))
  }
  return closed
}

/** Versions outside of the reviewed range have empty lists: nothing of theirs is known. */
function fixedOf(serverMajor: number): Fixed {
  const major = serverMajor >= FIRST_MAJOR && serverMajor <= LAST_MAJOR ? serverMajor : 0
  const known = fixedByMajor.get(major)
  if (known) return known
  const fixed: Fixed = {
    total: namesOf('total', major),
    sized: idsOf('sized', major),
    plain: namesOf('plain', major),
    refused: namesOf('refused', major),
    operators: operatorsOf(major),
    equality: idsOf('equality', major),
    counts: idsOf('counts', major),
    types: idsOf('types', major),
    asText: idsOf('asText', major),
    textual: idsOf('textual', major),
    catalogs: namesOf('catalogs', major),
    closedColumns: closedColumnsOf(major),
    collations: idsOf('collations', major),
  }
  fixedByMajor.set(major, fixed)
  return fixed
}

/** Knows nothing of a version that was not reviewed. `standard`: what the published catalog says of initdb's objects. */
export function knownFunctions(serverMajor: number, standard: readonly StandardObject[] = []): KnownFunctions {
  const fixed = fixedOf(serverMajor)
  const reviewed = reviewedStandardObjects(standard)
  const functions = new Map(reviewed.filter(({ kind }) => kind === 'function').map(({ id, name }) => [id, name]))
  const types = new Set(reviewed.filter(({ kind }) => kind === 'type').map(({ id }) => id))
  return {
    function: (id) => (fixed.total.has(id) ? 'total' : fixed.plain.has(id) || functions.has(id) ? 'plain' : undefined),
    isSizeArgument: (id, index) => index === 1 && fixed.sized.has(id),
    operatorFunction: (id) => fixed.operators.get(id)?.implementation,
    isEquality: (id) => fixed.equality.has(id),
    isCount: (id) => fixed.counts.has(id),
    isType: (id) => fixed.types.has(id) || types.has(id),
    isTotalCoercion: (from, to) => fixed.asText.has(from) && fixed.textual.has(to),
    catalogRelation: (relid) =>
      fixed.catalogs.has(relid) ? (fixed.closedColumns.has(relid) ? 'columns' : 'clean') : undefined,
    catalogColumn: (relid, attno) => {
      if (!fixed.catalogs.has(relid)) return undefined
      const closed = fixed.closedColumns.get(relid)
      return closed && (attno === 0 || closed.has(attno)) ? undefined : 'clean'
    },
    nameOf: (id) => fixed.total.get(id) ?? fixed.plain.get(id) ?? functions.get(id) ?? fixed.refused.get(id),
    operatorName: (id) => fixed.operators.get(id)?.name,
    isDeterministicCollation: (id) => id === 0 || fixed.collations.has(id),
  }
}
