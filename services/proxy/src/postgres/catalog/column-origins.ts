// Where the columns of a materialised view come from, read from the tree of its definition: once it is filled, nothing
// but its definition tells what it holds. Whatever is not understood makes a column opaque.

import { type KnownFunctions, readStoredTree, type TreeNode, type TreeValue } from '@sluice/mask'
import { codeOf, isNode, listOf, numberOf } from './called-functions.ts'

/** `attno` 0 is the whole row. */
export type OriginColumn = { readonly relid: number; readonly attno: number }

export type ColumnOrigin = {
  /** Every column that its value may be made of. */
  readonly sources: readonly OriginColumn[]
  /** It is a column as it is, or in a set operation one of several. */
  readonly bare: boolean
  /** Code or a node in it may bring values from elsewhere. */
  readonly opaque: boolean
}

type Scope = { readonly query: TreeNode; readonly outer: Scope | null }

/** A definition with more in it is opaque. */
const MAX_STEPS = 1_000_000

const PARAM_SUBLINK = 2
const RTE = { relation: 0, subquery: 1, join: 2, function: 3, tableFunction: 4, values: 5, cte: 6, result: 8, group: 9 }

/** Of each output column of a definition (`pg_rewrite.ev_action`), in order. Null where the definition can't be read. */
export function columnOrigins(
  definition: string,
  serverMajor: number,
  functions: KnownFunctions,
): readonly ColumnOrigin[] | null {
  const [query, ...more] = readStoredTree(definition, serverMajor) ?? []
  if (query === undefined || more.length > 0 || query.node !== 'QUERY') return null
  const tracer = new Tracer(functions)
  const scope = { query, outer: null }
  return outputsOf(query).map((_, index) => tracer.output(scope, index + 1).origin())
}

class Found {
  readonly #sources = new Map<string, OriginColumn>()
  opaque = false
  bare = true

  column(relid: number, attno: number): void {
    this.#sources.set(`${relid}.${attno}`, { relid, attno })
    if (attno <= 0) this.bare = false
  }

  add(other: Found): void {
    for (const [key, column] of other.#sources) this.#sources.set(key, column)
    this.opaque ||= other.opaque
    this.bare &&= other.bare
  }

  origin(): ColumnOrigin {
    const sources = [...this.#sources.values()].sort((a, b) => a.relid - b.relid || a.attno - b.attno)
    return { sources, bare: this.bare && !this.opaque && sources.length > 0, opaque: this.opaque }
  }
}

class Tracer {
  readonly #functions: KnownFunctions
  #steps = 0

  constructor(functions: KnownFunctions) {
    this.#functions = functions
  }

  /** A column of a query's result, from 1. */
  output(scope: Scope, position: number): Found {
    const found = new Found()
    const arms = scope.query['setOperations']
    if (isNode(arms)) this.#arm(arms, scope, position, found)
    else this.#into(outputsOf(scope.query)[position - 1]?.['expr'] ?? null, scope, found)
    return found
  }

  #arm(arm: TreeNode, scope: Scope, position: number, found: Found): void {
    if (arm.node === 'SETOPERATIONSTMT') {
      for (const side of [arm['larg'], arm['rarg']]) {
        if (isNode(side)) this.#arm(side, scope, position, found)
        else found.opaque = true
      }
      return
    }
    this.#tableColumn(entryAt(scope, numberOf(arm['rtindex'])), position, scope, found)
  }

  /** An expression as an output is: bare where it is a column. */
  #into(value: TreeValue, scope: Scope, found: Found): void {
    if (isNode(value) && value.node === 'VAR') return this.#variable(value, scope, found)
    if (isNode(value) && value.node === 'RELABELTYPE') return this.#into(value['arg'] ?? null, scope, found)
    found.bare = false
    this.#walk(value, scope, found)
  }

  #walk(value: TreeValue, scope: Scope, found: Found): void {
    if (++this.#steps > MAX_STEPS) {
      found.opaque = true
      return
    }
    if (Array.isArray(value)) {
      for (const each of value as readonly TreeValue[]) this.#walk(each, scope, found)
      return
    }
    if (!isNode(value)) return
    switch (value.node) {
      case 'VAR':
        return this.#variable(value, scope, found)
      case 'QUERY': {
        const inner = { query: value, outer: scope }
        outputsOf(value).forEach((_, index) => {
          const output = this.output(inner, index + 1)
          found.add(output)
        })
        this.#walk([value['jointree'] ?? null, value['havingQual'] ?? null, value['limitCount'] ?? null], inner, found)
        return
      }
      case 'PARAM':
        // Of a sub-select its output, which counts anyway.
        if (value['paramkind'] !== PARAM_SUBLINK) found.opaque = true
        return
      case 'NEXTVALUEEXPR':
        found.opaque = true
        return
      default:
        if (!this.#isKnown(value)) found.opaque = true
        for (const part of Object.values(value)) this.#walk(part, scope, found)
    }
  }

  #isKnown(node: TreeNode): boolean {
    return codeOf(node, this.#functions)?.every((id) => this.#functions.function(id) !== undefined) === true
  }

  #variable(node: TreeNode, from: Scope, found: Found): void {
    const scope = up(from, numberOf(node['varlevelsup']))
    const entry = scope === null ? null : entryAt(scope, numberOf(node['varno']))
    if (scope === null || entry === null) found.opaque = true
    else this.#tableColumn(entry, numberOf(node['varattno']), scope, found)
  }

  #tableColumn(entry: TreeNode | null, attno: number, scope: Scope, found: Found): void {
    if (++this.#steps > MAX_STEPS || entry === null) {
      found.opaque = true
      return
    }
    const kind = entry['rtekind']
    if (kind === RTE.relation) return found.column(numberOf(entry['relid']), attno)
    if (kind === RTE.subquery && isNode(entry['subquery'])) {
      return this.#resultColumn({ query: entry['subquery'], outer: scope }, attno, found)
    }
    if (kind === RTE.cte) return this.#termColumn(entry, attno, scope, found)
    if (kind === RTE.join || kind === RTE.group) {
      const columns = listOf(entry[kind === RTE.join ? 'joinaliasvars' : 'groupexprs'])
      for (const column of attno > 0 ? [columns[attno - 1]] : columns) {
        if (column === undefined || column === null) found.opaque = true
        else this.#into(column, scope, found)
      }
      if (attno <= 0) found.bare = false
      return
    }
    found.bare = false
    if (kind === RTE.values) {
      for (const row of listOf(entry['values_lists'])) {
        this.#walk(attno > 0 ? (listOf(row)[attno - 1] ?? null) : row, scope, found)
      }
    } else if (kind === RTE.function) this.#walk(entry['functions'] ?? null, scope, found)
    else if (kind === RTE.tableFunction) this.#walk(entry['tablefunc'] ?? null, scope, found)
    else if (kind !== RTE.result) found.opaque = true
  }

  #resultColumn(scope: Scope, attno: number, found: Found): void {
    if (attno > 0) return found.add(this.output(scope, attno))
    found.bare = false
    outputsOf(scope.query).forEach((_, index) => {
      found.add(this.output(scope, index + 1))
    })
  }

  #termColumn(entry: TreeNode, attno: number, from: Scope, found: Found): void {
    // Of a recursive term every column counts for each: a value may move from one to another in a later round.
    if (entry['self_reference'] === true) return
    const scope = up(from, numberOf(entry['ctelevelsup']))
    const term = scope === null ? undefined : listOf(scope.query['cteList']).find(isNamed(entry['ctename']))
    if (scope === null || term === undefined || !isNode(term) || !isNode(term['ctequery'])) {
      found.opaque = true
      return
    }
    const inner = { query: term['ctequery'], outer: scope }
    this.#resultColumn(inner, term['cterecursive'] === false ? attno : 0, found)
  }
}

function outputsOf(query: TreeNode): readonly TreeNode[] {
  return listOf(query['targetList']).filter((entry) => isNode(entry) && entry['resjunk'] !== true) as TreeNode[]
}

function entryAt({ query }: Scope, index: number): TreeNode | null {
  const entry = listOf(query['rtable'])[index - 1]
  return entry !== undefined && isNode(entry) ? entry : null
}

function up(scope: Scope, levels: number): Scope | null {
  let found: Scope | null = scope
  for (let level = 0; level < levels && found !== null; level++) found = found.outer
  return levels < 0 ? null : found
}

const isNamed =
  (name: TreeValue | undefined) =>
  (term: TreeValue): boolean =>
    isNode(term) && term['ctename'] === name
