// Reads a query or a write: walks its whole tree by the allow-list, and tells which tables it reads and changes, what it
// calls, and what about it stays unknown.

import type { Objection } from '@sluice/policy'
import { guardedSetting, objection, TEMPORARY, writeInWith } from './advice.ts'
import {
  CALLS_WITH_ANY_ROW,
  GUARDED_CATALOGS,
  isKnownFunction,
  isKnownOperator,
  isKnownType,
  RESULT_COLUMNS,
  SAMPLE_METHODS,
  VOLATILE,
} from './catalog/known.ts'
import { isShowableSetting, settingChange } from './catalog/settings.ts'
import { constants } from './expressions.ts'
import type { AnalysisOptions, Effect, TableName, TableUse } from './facts.ts'
import { lockedTables } from './locked-tables.ts'
import {
  dotted,
  isRangeVar,
  isTemporary,
  namesOf,
  qualifiedOf,
  shownName,
  shownSetting,
  tableName,
  tableOf,
  walk,
} from './names.ts'
import type { RawNode } from './parser.ts'
import { DERIVING, KEYWORD_KINDS, NODE_SINCE, QUERY_NODES } from './query-nodes.ts'
import { isUnfiltered } from './unfiltered.ts'

/** Nodes that change a table, and what people call them. */
export const WRITES: Readonly<Record<string, string>> = {
  InsertStmt: 'INSERT',
  UpdateStmt: 'UPDATE',
  DeleteStmt: 'DELETE',
  MergeStmt: 'MERGE',
}

/** What can be read by the allow-list as a whole. */
export const QUERIES: Readonly<Record<string, string>> = { SelectStmt: 'SELECT', ...WRITES }

/** BETWEEN compares with the last two, NOT BETWEEN with the others. */
const BETWEEN_OPERATORS = ['<', '>', '<=', '>=']

/** MERGE knows these from that version on. */
const MERGE_MODERN_MAJOR = 17

/** psql asks for each setting by the name that stands in the view of settings: no more than the view itself shows. */
const SETTINGS_CATALOGS: ReadonlySet<string> = new Set(['pg_catalog.pg_settings', 'pg_catalog.pg_parameter_acl'])

export class QueryReader {
  readonly functions = new Set<string>()
  readonly openNames = { functions: new Set<string>(), fields: new Set<string>(), operators: new Set<string>() }
  /** Settings that calls of `set_config` change, and whose change the policy decides. */
  readonly settings = new Set<string>()
  refusal: Objection | null = null
  unfiltered = false
  /** SELECT … INTO, and FOR UPDATE and its like. */
  makesTable = false
  locksRows = false
  readonly #verb: string
  readonly #serverMajor: number
  readonly #masked: boolean
  readonly #uses = new Map<string, TableUse>()
  readonly #unknown = new Map<string, Objection>()
  #root: RawNode | null = null
  #readsSettings = false
  #listsSettings = false
  #derived = false
  /** Names of CTEs in scope, innermost last. */
  readonly #scope: string[] = []
  readonly #columns: { readonly table: string; readonly column: string }[] = []
  readonly #functionColumns = new Map<string, Set<string>>()

  /** `verb` is what objections begin with. */
  constructor(verb: string, { serverMajor, lineage }: AnalysisOptions) {
    this.#verb = verb
    this.#serverMajor = serverMajor
    this.#masked = lineage === true
  }

  get uses(): TableUse[] {
    return [...this.#uses.values()]
  }

  get unknown(): Objection[] {
    return [...this.#unknown.values()]
  }

  /** Why it can't be held, in words for a person. */
  get unheld(): string | null {
    if (this.#readsSettings) return 'it reads settings of the session'
    for (const name of this.functions) if (VOLATILE.has(name)) return `the function ${name} answers anew each time`
    return null
  }

  /** Reads a whole statement, or an expression of one. */
  read(type: string, node: RawNode): void {
    this.#root = node
    this.#node(type, node)
    if (this.#listsSettings && (this.#derived || this.#readsOthers())) {
      this.#doubt('FuncCall', 'the function current_setting')
    }
    for (const { table, column } of this.#columns.splice(0)) {
      const columns = this.#functionColumns.get(table)
      // x.name on a function's result calls name(x) where there is no such column: name(bigint) as well as name(record).
      if (CALLS_WITH_ANY_ROW.has(column) || (columns !== undefined && !columns.has(column))) {
        this.#doubt('ColumnRef', `${shownName([table, column])}, which may call a function`)
      }
    }
  }

  #readsOthers(): boolean {
    return this.uses.some(({ table }) => table !== null && !SETTINGS_CATALOGS.has(tableName(table)))
  }

  use(effect: Effect, table: TableName | null): void {
    const key = table === null ? effect : `${effect}\0${table.catalog}\0${table.schema}\0${table.name}`
    if (!this.#uses.has(key)) this.#uses.set(key, { effect, table })
  }

  object(found: Objection): void {
    this.#unknown.set(found.what, found)
  }

  #doubt(nodeType: string, what: string): void {
    this.object(objection(nodeType, `${this.#verb} with ${what}`))
  }

  #node(type: string, node: RawNode): void {
    const fields = QUERY_NODES.get(type)
    if (fields === undefined) return this.#opaque(type, node)
    if (this.#serverMajor < (NODE_SINCE.get(type) ?? 0)) {
      this.#doubt(type, `${type}, which PostgreSQL ${this.#serverMajor} does not know`)
    }
    if (DERIVING.has(type) || (type === 'Alias' && 'colnames' in node)) this.#derived = true
    const scope = this.#scope.length
    this.#check(type, node)
    for (const field in node) {
      const content = Object.hasOwn(fields, field) ? fields[field] : undefined
      if (content === undefined) {
        this.#doubt(type, `${field} in ${type}`)
        this.#tablesIn(node[field])
      } else if (content === '*') this.#wrapped(node[field])
      else if (content !== '' && content !== '!') this.#node(content, node[field] as RawNode)
    }
    this.#scope.length = scope
  }

  /** A node that is not on the list: what it does is unknown, but not which tables it names. */
  #opaque(type: string, node: RawNode): void {
    this.#doubt(type, type === 'CurrentOfExpr' ? 'WHERE CURRENT OF' : `${type} inside`)
    this.#tablesIn(node)
  }

  #tablesIn(root: unknown): void {
    walk(root, (node) => {
      if (isRangeVar(node)) this.#table(node, 'read')
      return true
    })
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
    if (type === 'SelectStmt') this.#select(node)
    else if (type === 'RangeVar') this.#table(node, 'read')
    else if (type === 'FuncCall') this.#function(node)
    else if (type === 'TypeName') this.#type(node)
    else if (type === 'A_Expr') {
      if (!KEYWORD_KINDS.has(node['kind'])) this.#operator(node['name'])
      else for (const name of BETWEEN_OPERATORS) this.openNames.operators.add(name)
    } else if (type === 'SubLink' || type === 'SortBy') {
      this.#operator(node['operName'] ?? node['useOp'])
      // IN (SELECT …) names no operator.
      if (type === 'SubLink') this.openNames.operators.add('=')
    } else if (type === 'CaseExpr' || (type === 'JoinExpr' && ('usingClause' in node || node['isNatural'] === true))) {
      this.openNames.operators.add('=')
    } else if (type === 'ColumnRef') this.#column(node)
    else if (type === 'A_Indirection') this.#indirection(node)
    else if (type === 'RangeFunction') this.#functionInFrom(node)
    else if (Object.hasOwn(WRITES, type)) this.#write(type, node)
    else if (type === 'RangeTableSample') {
      const method = qualifiedOf(node['method'])
      if (method === null || !SAMPLE_METHODS.has(method.name) || (method.schema ?? 'pg_catalog') !== 'pg_catalog') {
        this.#doubt(type, "a sampling method that is not PostgreSQL's own")
      }
    }
  }

  #select(node: RawNode): void {
    this.#with(node['withClause'] as RawNode | undefined)
    const into = node['intoClause'] as { readonly rel?: RawNode } | undefined
    if (into?.rel !== undefined) {
      this.makesTable = true
      this.#table(into.rel, 'ddl')
    }
    if (node['lockingClause'] === undefined) return
    this.locksRows = true
    for (const relation of lockedTables(node)) this.#table(relation, 'write')
  }

  #write(type: string, node: RawNode): void {
    if (node !== this.#root) this.object(writeInWith(WRITES[type] as string))
    const relation = node['relation'] as RawNode
    // A rule of that view sets what is written into it.
    if (relation['relname'] === 'pg_settings') this.refusal ??= guardedSetting(`${WRITES[type]} of pg_settings`)
    // A name of WITH is never the table that is written.
    this.#table(relation, 'write', false)
    if (node['returningClause'] !== undefined) this.#table(relation, 'read', false)
    if (isUnfiltered(type, node)) this.unfiltered = true
    if (type === 'MergeStmt' && this.#serverMajor < MERGE_MODERN_MAJOR) this.#oldMerge(node)
    this.#with(node['withClause'] as RawNode | undefined)
  }

  #oldMerge(node: RawNode): void {
    const clauses = (node['mergeWhenClauses'] ?? []) as readonly { MergeWhenClause?: RawNode }[]
    const bySource = clauses.some(({ MergeWhenClause }) => String(MergeWhenClause?.['matchKind']).endsWith('BY_SOURCE'))
    const modern = bySource ? 'WHEN NOT MATCHED BY SOURCE' : node['returningClause'] === undefined ? null : 'RETURNING'
    if (modern !== null) this.#doubt('MergeStmt', `${modern}, which PostgreSQL ${this.#serverMajor} does not know`)
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

  #table(node: RawNode, effect: Effect, inScope = true): void {
    const name = String(node['relname'])
    if (inScope && node['schemaname'] === undefined && this.#scope.includes(name)) return
    this.use(effect, tableOf(node, this.#serverMajor))
    if (isTemporary(node)) this.object(TEMPORARY)
    if (GUARDED_CATALOGS.has(name)) this.#doubt('RangeVar', `the catalog ${name}`)
  }

  #function(node: RawNode): void {
    const called = qualifiedOf(node['funcname'])
    if (called === null) return this.#doubt('FuncCall', 'a function of another database')
    const { schema, name } = called
    const own = schema === null || schema === 'pg_catalog'
    const allowed =
      own && name === 'set_config'
        ? this.#sets(node)
        : isKnownFunction(schema, name, this.#serverMajor) && (name !== 'current_setting' || this.#showsHarmless(node))
    if (!allowed) this.#doubt('FuncCall', `the function ${shownName([own ? null : schema, name])}`)
    if (schema === null) this.openNames.functions.add(name)
    this.functions.add(dotted([own ? null : schema, name]))
  }

  #showsHarmless(call: RawNode): boolean {
    this.#readsSettings = true
    const [setting] = constants(call['args'])
    if (typeof setting === 'string') return isShowableSetting(setting)
    const [argument] = (call['args'] ?? []) as readonly RawNode[]
    const column = namesOf((argument?.['ColumnRef'] as RawNode | undefined)?.['fields'])
    if (column?.at(-1) !== 'name') return false
    this.#listsSettings = true
    return true
  }

  /** Of `set_config`: is its setting decided here, or by the policy? False where its value could come from a row. */
  #sets(call: RawNode): boolean {
    const args = (call['args'] ?? []) as readonly RawNode[]
    const [setting, constant] = constants(call['args'])
    if (typeof setting !== 'string') {
      this.refusal ??= guardedSetting('set_config of a setting that the text does not name')
      return true
    }
    const value = typeof constant === 'string' ? constant : undefined
    const change = settingChange(setting, value, this.#masked)
    if (change === 'guarded') this.refusal ??= guardedSetting(`set_config of ${shownSetting(setting)} to this value`)
    if (change === 'open') this.settings.add(shownSetting(setting))
    return value !== undefined || (args[1] !== undefined && 'ParamRef' in args[1])
  }

  #type(node: RawNode): void {
    const type = qualifiedOf(node['names'])
    if (type !== null && isKnownType(type.schema, type.name, this.#serverMajor)) return
    const name = type === null ? 'of another database' : shownName([type.schema, type.name])
    this.#doubt('TypeName', `the type ${name}, which is not PostgreSQL's own`)
  }

  #operator(names: unknown): void {
    if (names === undefined) return
    const operator = qualifiedOf(names)
    if (operator?.schema === null) this.openNames.operators.add(operator.name)
    if (operator !== null && isKnownOperator(operator.schema, operator.name, this.#serverMajor)) return
    this.#doubt('A_Expr', "an operator that is not PostgreSQL's own")
  }

  #column(node: RawNode): void {
    const names = namesOf(node['fields'])
    if (names === null || names.length < 2) return
    this.openNames.fields.add(names.at(-1) as string)
    this.#columns.push({ table: names.at(-2) as string, column: names.at(-1) as string })
  }

  /** (value).name calls name(value) where the value is no row with such a column. */
  #indirection(node: RawNode): void {
    for (const step of (node['indirection'] ?? []) as readonly RawNode[]) {
      const [field] = namesOf([step]) ?? []
      if (field === undefined || RESULT_COLUMNS.has(field)) continue
      this.#doubt('A_Indirection', `(…).${shownName([field])}, which may call a function`)
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
        return this.#doubt('RangeFunction', 'an unnamed value in FROM')
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
