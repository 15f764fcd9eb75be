// The tables of node-fields.ts made ready for one version.

import {
  type FieldKind,
  NAMES_UNTIL_14,
  NEWEST_TREE_MAJOR,
  NODE_FIELDS,
  OLDEST_TREE_MAJOR,
  RANGE_TABLE_ENTRY,
} from './node-fields.ts'

export type FieldShape = {
  readonly name: string
  /** As it stands in the text: `:varno`. */
  readonly token: string
  readonly kind: FieldKind
}

export type NodeShape = {
  /** The newest version's name. */
  readonly name: string
  readonly fields: readonly FieldShape[]
  /** Further fields that depend on the value of one of the first. */
  readonly variants: { readonly field: string; readonly byValue: ReadonlyMap<number, readonly FieldShape[]> } | null
}

const fieldsOf = (text: string, major: number): readonly FieldShape[] =>
  text
    .trim()
    .split(/\s+/)
    .flatMap((part) => {
      const match = /^(\w+):(\w+)(?:@(\d+)(?:-(\d+))?)?$/.exec(part)
      if (match === null) throw new Error(`not a field: ${part}`)
      const [, name = '', kind, since = OLDEST_TREE_MAJOR, until = NEWEST_TREE_MAJOR] = match
      if (major < Number(since) || major > Number(until)) return []
      return [{ name, token: `:${name}`, kind: kind as FieldKind }]
    })

function makeShapes(major: number): ReadonlyMap<string, NodeShape> {
  const shapes = new Map<string, NodeShape>()
  const add = (shape: NodeShape): void => {
    const printed = major <= 14 ? (NAMES_UNTIL_14[shape.name] ?? shape.name) : shape.name
    shapes.set(printed, shape)
  }
  for (const [name, text] of Object.entries(NODE_FIELDS)) {
    const fields = fieldsOf(text, major)
    // A node whose every field came later did not exist.
    if (fields.length > 0) add({ name, fields, variants: null })
  }
  const { name, kindField, head, kinds, tail } = RANGE_TABLE_ENTRY
  const byValue = new Map<number, readonly FieldShape[]>()
  for (const [kind, text] of Object.entries(kinds)) {
    const fields = fieldsOf(text, major)
    if (fields.length > 0) byValue.set(Number(kind), [...fields, ...fieldsOf(tail, major)])
  }
  add({ name, fields: fieldsOf(head, major), variants: { field: kindField, byValue } })
  return shapes
}

const made = new Map<number, ReadonlyMap<string, NodeShape>>()

/** The nodes of that version by the name that it prints; undefined for a version that is not known. */
export function nodeShapes(major: number): ReadonlyMap<string, NodeShape> | undefined {
  if (!Number.isInteger(major) || major < OLDEST_TREE_MAJOR || major > NEWEST_TREE_MAJOR) return undefined
  let shapes = made.get(major)
  if (shapes === undefined) {
    shapes = makeShapes(major)
    made.set(major, shapes)
  }
  return shapes
}
