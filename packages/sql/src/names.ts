// Names inside parse trees.

import { isShowableName, WITHHELD } from '@sluice/events'
import { isKnownRelation } from './catalog/known.ts'
import type { TableName } from './facts.ts'
import type { RawNode } from './parser.ts'

/** The one node in a wrapper, and its type; nothing where it is empty. */
export function unwrapped(wrapper: RawNode): { readonly type: string | undefined; readonly node: RawNode } {
  const [type] = Object.keys(wrapper)
  return { type, node: (type === undefined ? {} : wrapper[type]) as RawNode }
}

/** A string field of a node; empty where it is not set. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

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
  let name = ''
  for (const part of parts) {
    if (typeof part !== 'string' || part === '') continue
    if (name !== '') name += '.'
    name += PLAIN.test(part) ? part : `"${part.replaceAll('"', '""')}"`
  }
  return name
}

/** The same for a message: parts that might be values are withheld. */
export function shownName(parts: readonly (string | null)[]): string {
  const named = parts.filter((part): part is string => part !== null && part !== '')
  return named.map((part) => (isShowableName(part) ? part : WITHHELD)).join('.')
}

/** The name of a setting, for a message: `app.x`. */
export function shownSetting(name: string): string {
  return shownName(name.toLowerCase().split('.'))
}

const nameOr = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

/** The table that a RangeVar names. */
export function tableOf(relation: RawNode, serverMajor: number): TableName {
  const schema = nameOr(relation['schemaname'])
  const name = String(relation['relname'])
  return {
    catalog: nameOr(relation['catalogname']),
    schema,
    name,
    own: schema === null && isKnownRelation(name, serverMajor),
  }
}

/** As written. */
export function tableName({ catalog, schema, name }: TableName): string {
  return dotted([catalog, schema, name])
}

/** The table that a list of names means, in a DROP for instance; null for none. */
export function tableOfNames(names: readonly string[]): TableName | null {
  const [name, schema, catalog] = names.toReversed()
  return name === undefined ? null : { catalog: catalog ?? null, schema: schema ?? null, name, own: false }
}

/** Has a statement an option of this name, in one of its lists of DefElem nodes? */
export function hasOption(options: unknown, name: string): boolean {
  const elements = (options ?? []) as readonly { DefElem?: RawNode }[]
  return elements.some(({ DefElem }) => DefElem?.['defname'] === name)
}

const TEMPORARY_SCHEMA = /^pg_(?:toast_)?temp(?:_|$)/

/** Does a RangeVar name or make a table that only this session has? */
export function isTemporary(relation: RawNode): boolean {
  return relation['relpersistence'] === 't' || isTemporarySchema(nameOr(relation['schemaname']))
}

export function isTemporarySchema(schema: string | null): boolean {
  return schema !== null && TEMPORARY_SCHEMA.test(schema)
}

/** A node that names a table, wherever it stands. */
export function isRangeVar(node: RawNode): boolean {
  return typeof node['relname'] === 'string' && 'relpersistence' in node
}

/** Is there such a node in a tree? What follows the first one is not looked at. */
export function hasNode(root: unknown, isOne: (node: RawNode, type: string | null) => boolean): boolean {
  let found = false
  walk(root, (node, type) => {
    found ||= isOne(node, type)
    return !found
  })
  return found
}

/** Every node in a tree, in the order of its fields; deeper than any stack. `enter` says whether to look inside. */
export function walk(root: unknown, enter: (node: RawNode, type: string | null) => boolean): void {
  const open: (readonly [unknown, string | null])[] = [[root, null]]
  while (open.length > 0) {
    const [value, type] = open.pop() as readonly [unknown, string | null]
    if (Array.isArray(value)) {
      for (let at = value.length - 1; at >= 0; at--) open.push([value[at], null])
    } else if (typeof value === 'object' && value !== null && enter(value as RawNode, type)) {
      for (const [field, inner] of Object.entries(value).reverse()) open.push([inner, field])
    }
  }
}
