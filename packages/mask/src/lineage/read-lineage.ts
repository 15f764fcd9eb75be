// From PostgreSQL's rewritten tree of a statement to what it does with sensitive columns.

import type { KnownFunctions } from '../functions/known-functions.ts'
import { FIRST_USER_ID } from '../functions/object-ids.ts'
import type { PlanView } from '../plan/plan-view.ts'
import type { TreeNode } from '../tree/node.ts'
import { readCondition } from './conditions.ts'
import { EXPRESSIONS } from './expressions.ts'
import { Facts } from './facts.ts'
import type { Lineage, Output } from './lineage.ts'
import { Memory } from './memory.ts'
import { nodeAt, nodesAt, numberAt, wordAt } from './node-access.ts'
import { typeOf } from './node-types.ts'
import { checkType } from './operators.ts'
import { commandOf, readQuery, shownEntries } from './queries.ts'
import { columnOf } from './range-table.ts'
import type { Reader } from './reader.ts'
import type { Scope } from './scope.ts'
import { COMMAND_TYPE } from './tree-enums.ts'
import { CLEAN, type Value } from './value.ts'

/** Expressions and queries inside of each other; the stack holds several times as many. */
const MAX_DEPTH = 400
/** Nodes that are read in all passes: far more than a tree of 2 MiB has. */
const MAX_VISITS = 400_000
/** What depends on itself (recursive terms, equalities) is read until nothing is added; this is far more than needed. */
const MAX_PASSES = 20

/** `record[]`, of CYCLE: what rows are made of is checked where it comes from. */
const RECORDS = 2287

class TreeReader implements Reader {
  readonly facts: Facts
  readonly memory: Memory
  readonly view: PlanView
  readonly functions: KnownFunctions
  #depth = 0

  constructor(view: PlanView, functions: KnownFunctions, memory: Memory) {
    this.view = view
    this.functions = functions
    this.memory = memory
    this.facts = new Facts(view, memory.sources)
  }

  expression(node: TreeNode, scope: Scope): Value {
    const read = EXPRESSIONS[node.node]
    if (read === undefined) {
      this.facts.objection('node', `${node.node} in an expression`)
      return CLEAN
    }
    return this.#inside(CLEAN, () => read(node, scope, this))
  }

  condition(node: TreeNode, scope: Scope): void {
    this.#inside(undefined, () => readCondition(node, scope, this))
  }

  fullJoin(node: TreeNode, scope: Scope): void {
    this.facts.fullJoins += 1
    this.condition(node, scope)
    this.facts.fullJoins -= 1
  }

  query(node: TreeNode, parent: Scope | null, insideView = parent?.insideView ?? false): readonly Value[] {
    return this.#inside([], () => readQuery(node, parent, insideView, this))
  }

  column(variable: TreeNode, scope: Scope): Value {
    return columnOf(variable, scope, this)
  }

  isKnownType(type: number): boolean {
    return this.functions.isType(type) || type === RECORDS || this.view.type(type)?.known === true
  }

  #inside<Result>(otherwise: Result, read: () => Result): Result {
    this.memory.visits += 1
    if (this.#depth >= MAX_DEPTH || this.memory.visits > MAX_VISITS) {
      this.facts.objection('size', 'a statement that is nested too deeply or too large', 'Split it into several.')
      return otherwise
    }
    this.#depth += 1
    try {
      return read()
    } finally {
      this.#depth -= 1
    }
  }
}

const NOTHING: Omit<Lineage, 'command' | 'unknown'> = {
  outputs: [],
  touches: [],
  sinks: [],
  sensitiveValues: [],
  relations: [],
  unplanned: [],
  harmless: false,
}

function outputsOf(query: TreeNode, values: readonly Value[], reader: Reader): readonly Output[] {
  return shownEntries(query).map((entry, i) => {
    const expression = nodeAt(entry, 'expr')
    const type = expression === null ? 0 : typeOf(expression)
    if (type !== 0) checkType(type, reader)
    const { sources, bare } = values[i] ?? CLEAN
    const stored = bare && sources.every((source) => !reader.facts.hasWritten(source))
    const single = sources.every(({ verdict, tags }) => verdict === 'scanned' || tags.length === 1)
    return { name: wordAt(entry, 'resname'), type, sources, bare: stored && single }
  })
}

/** It changes rows: itself, or by one of its WITH queries. */
const writes = (query: TreeNode): boolean =>
  numberAt(query, 'commandType') !== COMMAND_TYPE.select ||
  nodesAt(query, 'cteList').some((cte) => {
    const inner = nodeAt(cte, 'ctequery')
    return inner === null || numberAt(inner, 'commandType') !== COMMAND_TYPE.select
  })

/** Only clean columns, all known, and no code but PostgreSQL's own. */
function isHarmless(query: TreeNode, { facts, view }: Reader): boolean {
  const isWritten = writes(query)
  if (facts.unknown.size > 0 || facts.touches.size > 0 || facts.sinks.size > 0) return false
  return [...facts.relations].every((relid) => {
    const relation = view.relation(relid)
    if (relation === undefined) return relid < FIRST_USER_ID
    // What a write fails by may be a row of another table, which the server quotes.
    if (isWritten && relation.writesAlong === true) return false
    return !relation.readsRunCode && relation.columns.every(({ verdict }) => verdict === 'clean')
  })
}

/** Facts about what the rewriter made of one statement. */
export function lineageOf(queries: readonly TreeNode[], view: PlanView, functions: KnownFunctions): Lineage {
  const [query, ...added] = queries
  const command = query === undefined ? undefined : commandOf(query)
  if (command === 'utility' && added.length === 0) return { ...NOTHING, command, unknown: [] }
  if (query === undefined || command === undefined || command === 'utility' || added.length > 0) {
    const what = 'a rule, which makes other statements of it'
    return { ...NOTHING, command: command ?? 'utility', unknown: [{ code: 'rule', what, hint: null }] }
  }
  const memory = new Memory()
  for (let pass = 1; ; pass += 1) {
    const reader = new TreeReader(view, functions, memory)
    memory.startPass()
    const values = reader.query(query, null)
    if (memory.grown && pass < MAX_PASSES) continue
    const outputs = outputsOf(query, values, reader)
    const { facts } = reader
    if (memory.grown) facts.objection('size', 'a statement that depends on itself in too many ways')
    return {
      command,
      outputs,
      touches: [...facts.touches.values()],
      sinks: [...facts.sinks.values()],
      sensitiveValues: [...facts.values.values()],
      relations: [...facts.relations],
      unplanned: [...facts.unplanned],
      harmless: outputs.every(({ sources }) => sources.length === 0) && isHarmless(query, reader),
      ...(facts.countsDistinct ? { countsDistinct: true as const } : {}),
      ...(memory.sources.size > 0 ? { usesSensitive: true as const } : {}),
      unknown: [...facts.unknown.values()],
    }
  }
}
