// Which literals of a statement could as well be parameters: those that stand where only their value and their type count.
// Everywhere else PostgreSQL may look at the literal itself: at its place (ORDER BY 1), at being the same as another one
// (GROUP BY), or at what it is before it has a type (casts, arguments, columns of the result).

import { namesOf, unwrapped, walk } from './names.ts'
import type { RawNode } from './parser.ts'

/** The locations in UTF-8 bytes of literals of one statement; null where none may be touched. */
export function slotsOf(wrapper: RawNode): ReadonlySet<number> | null {
  const { type, node } = unwrapped(wrapper)
  if (type === undefined || !Object.hasOwn(STATEMENTS, type) || isBound(wrapper)) return null
  const slots = new Slots()
  STATEMENTS[type]?.(slots, node)
  return slots.locations
}

const STATEMENTS: Readonly<Record<string, (slots: Slots, node: RawNode) => void>> = {
  SelectStmt: (slots, node) => slots.select(node),
  InsertStmt: (slots, node) => slots.insert(node),
  UpdateStmt: (slots, node) => slots.update(node),
  DeleteStmt: (slots, node) => slots.delete(node),
}

/** It has parameters already, makes a table, or asks for its own text. */
function isBound(root: RawNode): boolean {
  let bound = false
  walk(root, (node, type) => {
    bound ||= type === 'ParamRef' || type === 'intoClause'
    bound ||= type === 'FuncCall' && namesOf(node['funcname'])?.at(-1) === 'current_query'
    return !bound
  })
  return bound
}

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '>', '<=', '>='])
const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*'])

const nodes = (list: unknown): readonly RawNode[] => (list ?? []) as readonly RawNode[]
const nodeIn = (value: unknown): RawNode => (value ?? {}) as RawNode
const constantIn = (wrapper: unknown): RawNode | undefined => nodeIn(wrapper)['A_Const'] as RawNode | undefined
const isNumber = (constant: RawNode): boolean => 'ival' in constant || 'fval' in constant

function isColumn(wrapper: unknown): boolean {
  return namesOf((nodeIn(wrapper)['ColumnRef'] as RawNode | undefined)?.['fields']) !== null
}

class Slots {
  readonly locations = new Set<number>()

  #add(constant: RawNode | undefined): void {
    if (constant === undefined || !('sval' in constant || isNumber(constant))) return
    this.locations.add(Number(constant['location'] ?? 0))
  }

  select(node: RawNode): void {
    this.#with(node)
    if (node['op'] !== 'SETOP_NONE') {
      this.select(nodeIn(node['larg']))
      this.select(nodeIn(node['rarg']))
    }
    this.#sources(node['fromClause'])
    this.#condition(node['whereClause'])
    if (node['limitOption'] !== 'LIMIT_OPTION_COUNT') return
    for (const limit of [node['limitCount'], node['limitOffset']]) {
      const constant = constantIn(limit)
      if (constant !== undefined && 'ival' in constant) this.#add(constant)
    }
  }

  insert(node: RawNode): void {
    this.#with(node)
    const select = nodeIn(nodeIn(node['selectStmt'])['SelectStmt'])
    if (select['valuesLists'] === undefined) return this.select(select)
    const parts = nodes(node['cols']).some(({ ResTarget }) => nodeIn(ResTarget)['indirection'] !== undefined)
    // Sorted or limited, the values are a query of their own, whose types are found without the table's columns.
    const whole = ['sortClause', 'limitCount', 'limitOffset', 'withClause'].every((field) => !(field in select))
    if (parts || !whole) return
    for (const row of nodes(select['valuesLists'])) {
      for (const value of nodes(nodeIn(row['List'])['items'])) this.#add(constantIn(value))
    }
  }

  update(node: RawNode): void {
    this.#with(node)
    for (const { ResTarget } of nodes(node['targetList'])) {
      const { indirection, val } = nodeIn(ResTarget)
      if (indirection !== undefined) continue
      this.#add(constantIn(val))
      this.#step(nodeIn(val)['A_Expr'] as RawNode | undefined)
    }
    this.#sources(node['fromClause'])
    this.#condition(node['whereClause'])
  }

  delete(node: RawNode): void {
    this.#with(node)
    this.#sources(node['usingClause'])
    this.#condition(node['whereClause'])
  }

  #with(node: RawNode): void {
    for (const { CommonTableExpr } of nodes(nodeIn(node['withClause'])['ctes'])) {
      this.#query(nodeIn(CommonTableExpr)['ctequery'])
    }
  }

  #query(wrapper: unknown): void {
    const { type, node } = unwrapped(nodeIn(wrapper))
    if (type === 'SelectStmt') this.select(node)
  }

  #sources(list: unknown): void {
    for (const wrapper of nodes(list)) this.#source(wrapper)
  }

  #source(wrapper: RawNode): void {
    const { type, node } = unwrapped(wrapper)
    if (type === 'RangeSubselect') this.#query(node['subquery'])
    if (type !== 'JoinExpr') return
    this.#source(nodeIn(node['larg']))
    this.#source(nodeIn(node['rarg']))
    this.#condition(node['quals'])
  }

  #condition(wrapper: unknown): void {
    const { type, node } = unwrapped(nodeIn(wrapper))
    if (type === 'BoolExpr') for (const part of nodes(node['args'])) this.#condition(part)
    else if (type === 'SubLink') this.#query(node['subselect'])
    else if (type === 'A_Expr') this.#comparison(node)
  }

  #comparison({ kind, name, lexpr, rexpr }: RawNode): void {
    const operator = namesOf(name)
    if (kind === 'AEXPR_IN' || kind === 'AEXPR_BETWEEN' || kind === 'AEXPR_NOT_BETWEEN') {
      if (!isColumn(lexpr)) return
      const items = nodes(nodeIn(nodeIn(rexpr)['List'])['items'])
      if (items.every((item) => constantIn(item) !== undefined)) for (const item of items) this.#add(constantIn(item))
    } else if (kind === 'AEXPR_OP' && operator?.length === 1 && COMPARISONS.has(operator[0] as string)) {
      if (isColumn(lexpr)) this.#add(constantIn(rexpr))
      else if (isColumn(rexpr)) this.#add(constantIn(lexpr))
      for (const side of [lexpr, rexpr]) if ('SubLink' in nodeIn(side)) this.#condition(side)
    }
  }

  /** `set a = a + 1`. Numbers only: they have their type already. */
  #step(expression: RawNode | undefined): void {
    const operator = namesOf(expression?.['name'])
    if (expression?.['kind'] !== 'AEXPR_OP' || operator?.length !== 1) return
    if (!ARITHMETIC.has(operator[0] as string) || !isColumn(expression['lexpr'])) return
    const constant = constantIn(expression['rexpr'])
    if (constant !== undefined && isNumber(constant)) this.#add(constant)
  }
}
