// Decides whether a SelectStmt is plain: walks its whole tree by the allow-list, and stops at the first thing not on it.

import {
  CALLS_WITH_ANY_ROW,
  GUARDED_CATALOGS,
  isKnownFunction,
  isKnownOperator,
  isKnownType,
  RESULT_COLUMNS,
  SAMPLE_METHODS,
} from './catalog/known.ts'
import { isFreelySettable, isSettable, isShowableSetting } from './catalog/settings.ts'
import type { Effect } from './facts.ts'
import { dotted, namesOf, qualifiedOf, shownName, tableName } from './names.ts'
import type { RawNode } from './parser.ts'
import { NODE_SINCE, SELECT_NODES } from './select-nodes.ts'

/** Why a SELECT is not plain. `with` completes "SELECT with …" and names nothing but what is in the catalog or the text. */
export type Refusal = { readonly nodeType: string; readonly with: string; readonly effect: Effect }

/** Fields of a SelectStmt that people know by a name. */
const REFUSED_FIELDS: Readonly<Record<string, Omit<Refusal, 'nodeType'>>> = {
  'SelectStmt.intoClause': { with: 'INTO, which makes a table', effect: 'ddl' },
  'SelectStmt.lockingClause': { with: 'a row lock (FOR UPDATE, FOR SHARE)', effect: 'write' },
}

const REFUSED_NODES: Readonly<Record<string, Omit<Refusal, 'nodeType'>>> = {
  InsertStmt: { with: 'an INSERT inside', effect: 'write' },
  UpdateStmt: { with: 'an UPDATE inside', effect: 'write' },
  DeleteStmt: { with: 'a DELETE inside', effect: 'write' },
  MergeStmt: { with: 'a MERGE inside', effect: 'write' },
}

/** These kinds of A_Expr have a keyword where others have an operator. */
const KEYWORD_KINDS: ReadonlySet<unknown> = new Set([
  'AEXPR_BETWEEN',
  'AEXPR_NOT_BETWEEN',
  'AEXPR_BETWEEN_SYM',
  'AEXPR_NOT_BETWEEN_SYM',
])

/** psql asks for each setting by the name that stands in the view of settings: no more than the view itself shows. */
const SETTINGS_CATALOGS: ReadonlySet<string> = new Set(['pg_catalog.pg_settings', 'pg_catalog.pg_parameter_acl'])

/** With one of these, a column called `name` may be anything. */
const DERIVING: ReadonlySet<string> = new Set([
  'RangeSubselect',
  'RangeFunction',
  'RangeTableFunc',
  'JsonTable',
  'CommonTableExpr',
  'SubLink',
])

export class SelectReader {
  readonly tables = new Set<string>()
  readonly functions = new Set<string>()
  refusal: Refusal | null = null
  readonly #serverMajor: number
  #listsSettings = false
  #derived = false
  /** Names of CTEs in scope, innermost last. */
  readonly #scope: string[] = []
  readonly #columns: { readonly table: string; readonly column: string }[] = []
  readonly #functionColumns = new Map<string, Set<string>>()

  constructor(serverMajor: number) {
    this.#serverMajor = serverMajor
  }

  /** Reads a whole statement; afterwards `refusal` is null if it is plain. */
  read(select: RawNode): void {
    this.#node('SelectStmt', select)
    if (this.#listsSettings && (this.#derived || [...this.tables].some((table) => !SETTINGS_CATALOGS.has(table)))) {
      this.#refuse('FuncCall', 'the function current_setting')
    }
    for (const { table, column } of this.#columns) {
      const columns = this.#functionColumns.get(table)
      // x.name on a function's result calls name(x) where there is no such column: name(bigint) as well as name(record).
      if (CALLS_WITH_ANY_ROW.has(column) || (columns !== undefined && !columns.has(column))) {
        this.#refuse('ColumnRef', `${shownName([table, column])}, which may call a function`)
      }
    }
  }

  #refuse(nodeType: string, what: string, effect: Effect = 'unknown'): void {
    this.refusal ??= { nodeType, with: what, effect }
  }

  #node(type: string, node: RawNode): void {
    if (this.refusal !== null) return
    const fields = SELECT_NODES.get(type)
    if (fields === undefined) {
      this.refusal = { nodeType: type, ...(REFUSED_NODES[type] ?? { with: `${type} inside`, effect: 'unknown' }) }
      return
    }
    if (this.#serverMajor < (NODE_SINCE.get(type) ?? 0)) {
      return this.#refuse(type, `${type}, which PostgreSQL ${this.#serverMajor} does not know`)
    }
    if (DERIVING.has(type) || (type === 'Alias' && 'colnames' in node)) this.#derived = true
    const scope = this.#scope.length
    this.#check(type, node)
    for (const field in node) {
      const content = Object.hasOwn(fields, field) ? fields[field] : undefined
      if (content === undefined) {
        const known = REFUSED_FIELDS[`${type}.${field}`] ?? { with: `${field} in ${type}`, effect: 'unknown' as const }
        this.refusal ??= { nodeType: type, ...known }
        return
      }
      if (content === '*') this.#wrapped(node[field])
      else if (content !== '' && field !== 'withClause') this.#node(content, node[field] as RawNode)
    }
    this.#scope.length = scope
  }

  #wrapped(content: unknown): void {
    if (Array.isArray(content)) {
      for (const item of content) this.#wrapped(item)
      return
    }
    const wrapper = content as RawNode
    for (const type in wrapper) this.#node(type, wrapper[type] as RawNode)
  }

  #check(type: string, node: RawNode): void {
    if (type === 'SelectStmt') this.#with(node['withClause'] as RawNode | undefined)
    else if (type === 'RangeVar') this.#table(node)
    else if (type === 'FuncCall') this.#function(node)
    else if (type === 'TypeName') this.#type(node)
    else if (type === 'A_Expr') {
      if (!KEYWORD_KINDS.has(node['kind'])) this.#operator(node['name'])
    } else if (type === 'SubLink' || type === 'SortBy') this.#operator(node['operName'] ?? node['useOp'])
    else if (type === 'ColumnRef') this.#column(node)
    else if (type === 'A_Indirection') this.#indirection(node)
    else if (type === 'RangeFunction') this.#functionInFrom(node)
    else if (type === 'RangeTableSample') {
      const method = qualifiedOf(node['method'])
      if (method === null || !SAMPLE_METHODS.has(method.name) || (method.schema ?? 'pg_catalog') !== 'pg_catalog') {
        this.#refuse(type, "a sampling method that is not PostgreSQL's own")
      }
    }
  }

  /** Names come into scope with the clause: each for the later ones, all for each other where it is recursive. */
  #with(clause: RawNode | undefined): void {
    if (clause === undefined) return
    const ctes = (clause['ctes'] ?? []) as readonly { CommonTableExpr?: RawNode }[]
    const names = ctes.map((cte) => String(cte.CommonTableExpr?.['ctename']))
    if (clause['recursive'] === true) this.#scope.push(...names)
    ctes.forEach((cte, index) => {
      this.#wrapped(cte)
      if (clause['recursive'] !== true) this.#scope.push(names[index] as string)
    })
  }

  #table(node: RawNode): void {
    const name = String(node['relname'])
    if (node['schemaname'] === undefined && this.#scope.includes(name)) return
    this.tables.add(tableName(node))
    if (GUARDED_CATALOGS.has(name)) this.#refuse('RangeVar', `the catalog ${name}`, 'admin')
  }

  #function(node: RawNode): void {
    const called = qualifiedOf(node['funcname'])
    if (called === null) return this.#refuse('FuncCall', 'a function of another database')
    const { schema, name } = called
    const own = schema === null || schema === 'pg_catalog'
    const allowed =
      own && name === 'set_config'
        ? this.#setsHarmless(node)
        : isKnownFunction(schema, name, this.#serverMajor) && (name !== 'current_setting' || this.#showsHarmless(node))
    if (!allowed) return this.#refuse('FuncCall', `the function ${shownName([own ? null : schema, name])}`)
    this.functions.add(dotted([own ? null : schema, name]))
  }

  #showsHarmless(call: RawNode): boolean {
    const [setting] = constants(call['args'])
    if (typeof setting === 'string') return isShowableSetting(setting)
    const [argument] = (call['args'] ?? []) as readonly RawNode[]
    const column = namesOf((argument?.['ColumnRef'] as RawNode | undefined)?.['fields'])
    if (column?.at(-1) !== 'name') return false
    this.#listsSettings = true
    return true
  }

  #setsHarmless(call: RawNode): boolean {
    const [setting, value, local] = constants(call['args'])
    if (typeof setting !== 'string' || typeof local !== 'boolean') return false
    const [, argument] = (call['args'] ?? []) as readonly RawNode[]
    if (argument !== undefined && 'ParamRef' in argument) return isFreelySettable(setting)
    return typeof value === 'string' && isSettable(setting, value)
  }

  #type(node: RawNode): void {
    const type = qualifiedOf(node['names'])
    if (type !== null && isKnownType(type.schema, type.name, this.#serverMajor)) return
    const name = type === null ? 'of another database' : shownName([type.schema, type.name])
    this.#refuse('TypeName', `the type ${name}, which is not PostgreSQL's own`)
  }

  #operator(names: unknown): void {
    if (names === undefined) return
    const operator = qualifiedOf(names)
    if (operator !== null && isKnownOperator(operator.schema, operator.name, this.#serverMajor)) return
    this.#refuse('A_Expr', "an operator that is not PostgreSQL's own")
  }

  #column(node: RawNode): void {
    const names = namesOf(node['fields'])
    if (names === null || names.length < 2) return
    this.#columns.push({ table: names.at(-2) as string, column: names.at(-1) as string })
  }

  /** (value).name calls name(value) where the value is no row with such a column. */
  #indirection(node: RawNode): void {
    for (const step of (node['indirection'] ?? []) as readonly RawNode[]) {
      const [field] = namesOf([step]) ?? []
      if (field === undefined || RESULT_COLUMNS.has(field)) continue
      this.#refuse('A_Indirection', `(…).${shownName([field])}, which may call a function`)
    }
  }

  #functionInFrom(node: RawNode): void {
    const alias = (node['alias'] ?? {}) as { aliasname?: string; colnames?: unknown }
    const definitions = (node['coldeflist'] ?? []) as readonly { ColumnDef?: { colname?: string } }[]
    const columns = [
      ...(namesOf(alias.colnames) ?? []),
      ...definitions.map((column) => column.ColumnDef?.colname ?? ''),
    ]
    const functions = (node['functions'] ?? []) as readonly { List?: { items?: readonly RawNode[] } }[]
    for (const { List } of functions) {
      const [call, inner] = List?.items ?? []
      const called = qualifiedOf((call?.['FuncCall'] as RawNode | undefined)?.['funcname'])
      if (called === null && alias.aliasname === undefined)
        return this.#refuse('RangeFunction', 'an unnamed value in FROM')
      const innerNames = (
        (inner?.['List'] as { items?: readonly { ColumnDef?: { colname?: string } }[] })?.items ?? []
      ).map((column) => column.ColumnDef?.colname ?? '')
      const name = alias.aliasname ?? called?.name ?? ''
      const known = this.#functionColumns.get(name) ?? new Set(RESULT_COLUMNS)
      for (const column of [name, called?.name ?? name, ...columns, ...innerNames]) known.add(column)
      this.#functionColumns.set(name, known)
    }
  }
}

/** The values of arguments that are constants; undefined in place of each that is none. */
function constants(args: unknown): unknown[] {
  if (!Array.isArray(args)) return []
  return (args as readonly RawNode[]).map((arg) => {
    const constant = arg['A_Const'] as { sval?: { sval?: string }; boolval?: { boolval?: boolean } } | undefined
    if (constant?.sval !== undefined) return constant.sval.sval ?? ''
    return constant?.boolval === undefined ? undefined : (constant.boolval.boolval ?? false)
  })
}
