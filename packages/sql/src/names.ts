// Names inside parse trees.

import { isShowableName, WITHHELD } from '@sluice/events'
import type { RawNode } from './parser.ts'

/** The strings of a list of String nodes; null where something else is among them. */
export function namesOf(list: unknown): string[] | null {
  if (!Array.isArray(list)) return null
  const names: string[] = []
  for (const item of list as readonly RawNode[]) {
    const { sval } = (item['String'] ?? {}) as { sval?: unknown }
    if (typeof sval !== 'string') return null
    names.push(sval)
  }
  return names
}

export type Qualified = { readonly schema: string | null; readonly name: string }

/** `name` or `schema.name`; null for what is neither. */
export function qualifiedOf(list: unknown): Qualified | null {
  const names = namesOf(list)
  if (names === null || names.length < 1 || names.length > 2) return null
  return { schema: names.length === 2 ? (names[0] as string) : null, name: names.at(-1) as string }
}

const PLAIN = /^[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*$/

/** A dotted name in which a part that has a dot or worse in it can't be taken for two. */
export function dotted(parts: readonly unknown[]): string {
  const named = parts.filter((part): part is string => typeof part === 'string' && part !== '')
  return named.map((part) => (PLAIN.test(part) ? part : `"${part.replaceAll('"', '""')}"`)).join('.')
}

/** The same for a message: parts that might be values are withheld. */
export function shownName(parts: readonly (string | null)[]): string {
  const named = parts.filter((part): part is string => part !== null && part !== '')
  return named.map((part) => (isShowableName(part) ? part : WITHHELD)).join('.')
}

/** The name of a RangeVar. */
export function tableName(relation: RawNode): string {
  return dotted([relation['catalogname'], relation['schemaname'], relation['relname']])
}

/** Every table that a tree names, in whatever place: for the record of statements that are refused. */
export function tablesAnywhere(root: unknown): string[] {
  const found = new Set<string>()
  const local = new Set<string>()
  const open: unknown[] = [root]
  while (open.length > 0) {
    const value = open.pop()
    if (Array.isArray(value)) for (const item of value) open.push(item)
    else if (typeof value === 'object' && value !== null) {
      const node = value as RawNode
      if (typeof node['relname'] === 'string' && 'relpersistence' in node) found.add(tableName(node))
      if (typeof node['ctename'] === 'string') local.add(dotted([node['ctename']]))
      for (const field in node) open.push(node[field])
    }
  }
  return [...found].filter((name) => !local.has(name))
}
