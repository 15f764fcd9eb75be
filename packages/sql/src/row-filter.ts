// Does a condition surely leave rows out? Judged by its shape: a comparison between a column of the written table and
// something that is not the same column again. Which values stand there is not judged. In doubt it does not filter.

import {
  type Column,
  columnOf,
  columnsIn,
  contains,
  hasBoolean,
  isBoolean,
  isBooleanType,
  isConstant,
  isNull,
  stringOf,
} from './expressions.ts'
import { hasNode, namesOf, unwrapped } from './names.ts'
import type { RawNode } from './parser.ts'

/** What a part of a condition narrows: by which columns, and whether to certain values only (=, IN, IS NULL, LIKE). */
type Narrowing = { readonly columns: ReadonlySet<string>; readonly certain: boolean }
/** Null where it does not surely filter. */
type Narrowings = readonly Narrowing[] | null

/** The names in a write: which of them are the written table, and which could be it in disguise. */
export class RowScope {
  readonly #target: string
  /** Tables and WITH queries that hold rows of the written table. */
  readonly #same: Set<string>
  /** What can be trusted to be something else, by the name it has in the statement. */
  readonly #others = new Set<string>()
  /** Columns without a table are the written table's. */
  readonly alone: boolean
  /** Something beside the written table may hold its rows, so that its columns may be the same once more. */
  #mirrored = false

  constructor(relation: RawNode, sources: readonly RawNode[], withClause: RawNode | undefined) {
    const name = String(relation['relname'])
    this.#target = aliasOf(relation) ?? name
    this.#same = new Set([name])
    const ctes = ((withClause?.['ctes'] ?? []) as readonly { CommonTableExpr?: RawNode }[]).map(
      ({ CommonTableExpr }) => CommonTableExpr ?? {},
    )
    // Twice: a recursive one may name a later one.
    for (const cte of [...ctes, ...ctes]) {
      if (this.readsSame(cte['ctequery'])) this.#same.add(String(cte['ctename']))
    }
    for (const source of sources) this.#source(source)
    this.alone = sources.length === 0
  }

  #source(source: RawNode): void {
    const { type, node } = unwrapped(source)
    if (type === 'JoinExpr' && node['alias'] === undefined) {
      this.#source(node['larg'] as RawNode)
      this.#source(node['rarg'] as RawNode)
    } else if ((type === 'RangeVar' || type === 'RangeSubselect') && !this.readsSame(source)) {
      const name = aliasOf(node) ?? node['relname']
      if (typeof name === 'string') this.#others.add(name)
    } else this.#mirrored = true
  }

  /** Whether a sub-select could find the written table's values under another name, outside of itself. */
  get mirrored(): boolean {
    return this.#mirrored
  }

  /** Does a tree read the written table, under whatever name? */
  readsSame(root: unknown): boolean {
    return hasNode(root, (node) => typeof node['relname'] === 'string' && this.#same.has(node['relname']))
  }

  /** Does something in a sub-select have the written table's name? */
  isHiddenIn(root: unknown): boolean {
    return hasNode(root, (node) => node['aliasname'] === this.#target || node['ctename'] === this.#target)
  }

  isTargets({ qualifier }: Column): boolean {
    return qualifier === null ? this.alone : qualifier === this.#target
  }

  isOther({ qualifier }: Column): boolean {
    return qualifier !== null && qualifier !== this.#target && this.#others.has(qualifier)
  }

  /** A name that stands for the whole row. */
  isTargetItself({ name }: Column): boolean {
    return name === this.#target
  }

  get targetName(): string {
    return this.#target
  }
}

const aliasOf = (node: RawNode): string | undefined =>
  (node['alias'] as { readonly aliasname?: string } | undefined)?.aliasname

/** `where` is a condition as the parser gives it; undefined is none. */
export function filters(where: unknown, scope: RowScope): boolean {
  return where !== undefined && narrowings(where as RawNode, scope, false) !== null
}

function narrowings(wrapper: RawNode, scope: RowScope, negated: boolean): Narrowings {
  const { type, node } = unwrapped(wrapper)
  if (type === 'BoolExpr') return combined(node, scope, negated)
  if (type === 'A_Expr') return compared(node, scope, negated)
  if (type === 'ColumnRef') return narrowing(wrapper, scope, false)
  if (type === 'SubLink') return negated ? null : related(node, scope)
  if (type === 'NullTest') {
    const wantsNull = (node['nulltesttype'] === 'IS_NULL') !== negated
    return wantsNull && 'ColumnRef' in (node['arg'] as RawNode) ? narrowing(node['arg'] as RawNode, scope, true) : null
  }
  if (type === 'BooleanTest' && !negated) {
    if (node['booltesttype'] === 'IS_TRUE') return narrowings(node['arg'] as RawNode, scope, false)
    if (node['booltesttype'] === 'IS_FALSE') return narrowings(node['arg'] as RawNode, scope, true)
  }
  return null
}

/** AND, OR and NOT; NOT is carried down to the comparisons. */
function combined(node: RawNode, scope: RowScope, negated: boolean): Narrowings {
  const args = (node['args'] ?? []) as readonly RawNode[]
  if (node['boolop'] === 'NOT_EXPR') return narrowings(args[0] ?? {}, scope, !negated)
  const parts = args.map((arg) => narrowings(arg, scope, negated))
  const conjunction = (node['boolop'] === 'AND_EXPR') !== negated
  if (conjunction) {
    const found = parts.flatMap((part) => part ?? [])
    return found.length === 0 ? null : found
  }
  return parts.includes(null) ? null : alternatives(parts as readonly (readonly Narrowing[])[])
}

/** `a < 5 or a >= 5` leaves nothing out: parts about one column have to name certain values. */
function alternatives(parts: readonly (readonly Narrowing[])[]): Narrowings {
  const seen = new Map<string, boolean>()
  for (const part of parts) {
    const here = new Map<string, boolean>()
    for (const { columns, certain } of part) {
      for (const column of columns) here.set(column, certain && (here.get(column) ?? true))
    }
    for (const [column, certain] of here) {
      const before = seen.get(column)
      if (before !== undefined && !(before && certain)) return null
      seen.set(column, certain)
    }
  }
  return parts.flat()
}

const ORDERINGS: ReadonlySet<string> = new Set(['<', '>', '<=', '>=', '<>', '!='])
const LIKES: ReadonlySet<string> = new Set(['~~', '~~*'])
const PATTERNS: ReadonlySet<string> = new Set(['~', '~*'])
const SIMPLE_PATTERN = /^\^?[\w @-]+\$?$/

function compared(node: RawNode, scope: RowScope, negated: boolean): Narrowings {
  const operator = namesOf(node['name'])?.at(-1) ?? ''
  const left = (node['lexpr'] ?? {}) as RawNode
  const right = (node['rexpr'] ?? {}) as RawNode
  const sides = (certain: boolean): Narrowings =>
    opposed(left, right, scope, certain) ?? opposed(right, left, scope, certain)
  switch (node['kind']) {
    case 'AEXPR_OP':
      if (operator === '=') return sides(!negated && !isBoolean(left) && !isBoolean(right))
      if (ORDERINGS.has(operator)) return sides(false)
      if (PATTERNS.has(operator))
        return SIMPLE_PATTERN.test(stringOf(right) ?? '') ? opposed(left, right, scope, !negated) : null
      return operator === '@>' && !negated && /\w/.test(stringOf(right) ?? '')
        ? opposed(left, right, scope, true)
        : null
    case 'AEXPR_NOT_DISTINCT':
    case 'AEXPR_DISTINCT':
      return isNull(left) || isNull(right)
        ? null
        : sides((node['kind'] === 'AEXPR_NOT_DISTINCT') !== negated && !isBoolean(right))
    case 'AEXPR_IN':
      return opposed(left, right, scope, (operator === '=') !== negated && !hasBoolean(right))
    case 'AEXPR_OP_ANY':
      return operator === '=' && !negated ? opposed(left, right, scope, true) : null
    case 'AEXPR_LIKE':
    case 'AEXPR_ILIKE':
      if ('ParamRef' in right) return opposed(left, right, scope, LIKES.has(operator) !== negated)
      return /[^%_\\]/.test(stringOf(right) ?? '') ? opposed(left, right, scope, LIKES.has(operator) !== negated) : null
    case 'AEXPR_BETWEEN':
    case 'AEXPR_BETWEEN_SYM':
    case 'AEXPR_NOT_BETWEEN':
    case 'AEXPR_NOT_BETWEEN_SYM':
      return opposed(left, right, scope, false)
    default:
      return null
  }
}

/** A column of the written table against something that has nothing of it. */
function opposed(column: RawNode, other: RawNode, scope: RowScope, certain: boolean): Narrowings {
  const found = narrowing(column, scope, certain)
  return found !== null && isApart(other, found[0]?.columns ?? new Set(), scope) ? found : null
}

/** Calls and operators that keep apart what is apart, roughly. */
const CLEAR_FUNCTIONS: ReadonlySet<string> = new Set([
  'lower',
  'upper',
  'btrim',
  'date',
  'date_trunc',
  'extract',
  'date_part',
])
const CLEAR_OPERATORS: ReadonlySet<string> = new Set(['+', '-', '->', '->>', '#>', '#>>'])

/** The column of the written table that an expression says something about: bare, or in a wrapping that loses little. */
function narrowing(wrapper: RawNode, scope: RowScope, certain: boolean): Narrowings {
  const columns = new Set<string>()
  if (!collect(wrapper, scope, columns)) return null
  return [{ columns, certain }]
}

function collect(wrapper: RawNode, scope: RowScope, columns: Set<string>): boolean {
  const { type, node } = unwrapped(wrapper)
  switch (type) {
    case 'ColumnRef': {
      const column = columnOf(node)
      if (column === null || !scope.isTargets(column) || scope.isTargetItself(column)) return false
      columns.add(column.name)
      return true
    }
    case 'TypeCast':
      return !isBooleanType(node['typeName']) && collect(node['arg'] as RawNode, scope, columns)
    case 'CollateClause':
      return collect(node['arg'] as RawNode, scope, columns)
    case 'CoalesceExpr': {
      const args = (node['args'] ?? []) as readonly RawNode[]
      return !isConstant(args[0] ?? {}) && oneOf(args, scope, columns)
    }
    case 'FuncCall':
      if (!CLEAR_FUNCTIONS.has(namesOf(node['funcname'])?.at(-1) ?? '')) return false
      return oneOf((node['args'] ?? []) as readonly RawNode[], scope, columns)
    case 'A_Expr':
      if (node['kind'] !== 'AEXPR_OP' || !CLEAR_OPERATORS.has(namesOf(node['name'])?.at(-1) ?? '')) return false
      return oneOf([node['lexpr'], node['rexpr']].filter((side) => side !== undefined) as RawNode[], scope, columns)
    case 'RowExpr':
      return ((node['args'] ?? []) as readonly RawNode[]).every((arg) => collect(arg, scope, columns))
    default:
      return false
  }
}

/** One of them is about a column, the others are constants. */
function oneOf(args: readonly RawNode[], scope: RowScope, columns: Set<string>): boolean {
  const open = args.filter((arg) => !isConstant(arg))
  return open.length === 1 && collect(open[0] as RawNode, scope, columns)
}

/** Nothing in it can be one of these columns again. */
function isApart(other: RawNode, columns: ReadonlySet<string>, scope: RowScope): boolean {
  if (scope.readsSame(other)) return false
  const inner = contains(other, 'SubLink')
  return (
    columnsIn(other, inner)?.every((column) => {
      if (scope.isOther(column)) return true
      if (inner) return scope.alone && isUnlike(column, columns, scope)
      return scope.isTargets(column) && !scope.isTargetItself(column) && !columns.has(column.name)
    }) ?? false
  )
}

/** Surely of a sub-select's own tables: an unqualified name is an outer column where those have none of that name. */
function isInner({ qualifier }: Column, scope: RowScope): boolean {
  return qualifier !== null && qualifier !== scope.targetName
}

/** Not one of the columns that it is compared with, nor the row that has them, whether it is inner or outer. */
function isUnlike(column: Column, outer: ReadonlySet<string>, scope: RowScope): boolean {
  if (column.qualifier !== null) return isInner(column, scope)
  return !outer.has(column.name) && !scope.isTargetItself(column)
}

/** IN (SELECT …) and EXISTS. */
function related(node: RawNode, scope: RowScope): Narrowings {
  const select = ((node['subselect'] ?? {}) as RawNode)['SelectStmt'] as RawNode | undefined
  if (select === undefined || scope.mirrored || scope.readsSame(select) || scope.isHiddenIn(select)) return null
  if (node['subLinkType'] === 'ANY_SUBLINK' && (namesOf(node['operName']) ?? ['=']).at(-1) === '=') {
    const found = narrowing(node['testexpr'] as RawNode, scope, true)
    const outer = found?.[0]?.columns ?? new Set()
    return (columnsIn(select, true)?.every((column) => isUnlike(column, outer, scope)) ?? false) ? found : null
  }
  return node['subLinkType'] === 'EXISTS_SUBLINK' ? existing(select, scope) : null
}

/** Fields of a SELECT that EXISTS can be judged with: an aggregate without GROUP BY always has a row. */
const PLAIN_FIELDS: ReadonlySet<string> = new Set(['targetList', 'fromClause', 'whereClause', 'limitOption', 'op'])

function existing(select: RawNode, scope: RowScope): Narrowings {
  const plain = Object.keys(select).every((field) => PLAIN_FIELDS.has(field))
  const apart = columnsIn(select['fromClause'], false)?.every((column) => isInner(column, scope)) ?? false
  if (!plain || !apart || select['op'] !== 'SETOP_NONE' || contains(select['targetList'], 'FuncCall')) return null
  const where = select['whereClause'] as RawNode | undefined
  const parts = where === undefined ? [] : conjuncts(where)
  const found = parts.flatMap((part) => correlation(part['A_Expr'] as RawNode | undefined, scope) ?? [])
  return found.length === 0 ? null : found
}

function conjuncts(where: RawNode): readonly RawNode[] {
  const bool = where['BoolExpr'] as { readonly boolop?: string; readonly args?: readonly RawNode[] } | undefined
  return bool?.boolop === 'AND_EXPR' ? (bool.args ?? []).flatMap(conjuncts) : [where]
}

/** `inner.x = target.y` within a sub-select. */
function correlation(node: RawNode | undefined, scope: RowScope): Narrowings {
  if (node?.['kind'] !== 'AEXPR_OP' || namesOf(node['name'])?.at(-1) !== '=') return null
  const columns = [node['lexpr'], node['rexpr']].map((side) => {
    const reference = (side as RawNode | undefined)?.['ColumnRef'] as RawNode | undefined
    return reference === undefined ? null : columnOf(reference)
  })
  const known = columns.filter((column) => column !== null)
  const outer = known.find(({ qualifier }) => qualifier === scope.targetName)
  if (outer === undefined || known.length !== 2) return null
  const names = new Set([outer.name])
  if (!known.every((column) => column === outer || isUnlike(column, names, scope))) return null
  return [{ columns: names, certain: true }]
}
