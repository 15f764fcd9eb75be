// The parts that read a tree, as they see each other.

import type { KnownFunctions } from '../functions/known-functions.ts'
import type { PlanView } from '../plan/plan-view.ts'
import type { TreeNode } from '../tree/node.ts'
import type { Facts } from './facts.ts'
import type { Memory } from './memory.ts'
import type { Scope } from './scope.ts'
import type { Value } from './value.ts'

export interface Reader {
  readonly view: PlanView
  readonly functions: KnownFunctions
  readonly facts: Facts
  readonly memory: Memory
  /** What an expression's value is made of; everything in it that is a touch or unknown goes to the facts. */
  expression(node: TreeNode, scope: Scope): Value
  /** A condition of WHERE or ON, on the level of its ANDs and ORs. */
  condition(node: TreeNode, scope: Scope): void
  /** The condition of a FULL JOIN: the server has no way to do it but by the order or the hashes of the values. */
  fullJoin(node: TreeNode, scope: Scope): void
  /** The columns of a query's result. */
  query(node: TreeNode, parent: Scope | null, insideView?: boolean): readonly Value[]
  /** A column of a range table entry, from 1; 0 is the whole row, below are system columns. */
  column(variable: TreeNode, scope: Scope): Value
  isKnownType(type: number): boolean
}
