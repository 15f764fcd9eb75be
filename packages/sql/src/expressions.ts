// Looking into expressions of a parse tree.

import { hasNode, namesOf, walk } from './names.ts'
import type { RawNode } from './parser.ts'

export type Column = { readonly qualifier: string | null; readonly name: string }

export function contains(root: unknown, nodeType: string): boolean {
  return hasNode(root, (_, type) => type === nodeType)
}

/** Null for `t.*`. */
export function columnOf(reference: RawNode): Column | null {
  const names = namesOf(reference['fields'])
  return names === null ? null : { qualifier: names.at(-2) ?? null, name: names.at(-1) as string }
}

/** Every column in a tree; null where one of them is a star. Conditions of sub-selects give no values. */
export function columnsIn(root: unknown, skipConditions: boolean): Column[] | null {
  const columns: Column[] = []
  let stars = false
  walk(root, (node, type) => {
    if (skipConditions && type === 'whereClause') return false
    if (type !== 'ColumnRef') return true
    const column = columnOf(node)
    if (column === null) stars = true
    else columns.push(column)
    return false
  })
  return stars ? null : columns
}

const constantOf = (wrapper: RawNode): RawNode | undefined => wrapper['A_Const'] as RawNode | undefined

export function stringOf(wrapper: RawNode): string | undefined {
  return (constantOf(wrapper)?.['sval'] as { readonly sval?: string } | undefined)?.sval
}

export const isNull = (wrapper: RawNode): boolean => constantOf(wrapper)?.['isnull'] === true

/** With only two values, `= true or = false` is all of them. A cast may be one to boolean. */
export function isBoolean(wrapper: RawNode): boolean {
  const cast = wrapper['TypeCast'] as RawNode | undefined
  if (cast !== undefined) return isBooleanType(cast['typeName'])
  return constantOf(wrapper)?.['boolval'] !== undefined
}

export function hasBoolean(wrapper: RawNode): boolean {
  const items = ((wrapper['List'] as RawNode | undefined)?.['items'] ?? []) as readonly RawNode[]
  return items.some(isBoolean)
}

export function isBooleanType(type: unknown): boolean {
  return namesOf((type as RawNode | undefined)?.['names'])?.at(-1) === 'bool'
}

/** A literal or a parameter. */
export function isConstant(wrapper: RawNode): boolean {
  if ('TypeCast' in wrapper) return isConstant(((wrapper['TypeCast'] as RawNode)['arg'] ?? {}) as RawNode)
  return 'A_Const' in wrapper || 'ParamRef' in wrapper
}

/** The values of arguments that are constants; undefined in place of each that is none. */
export function constants(args: unknown): unknown[] {
  if (!Array.isArray(args)) return []
  return (args as readonly RawNode[]).map((arg) => {
    const constant = arg['A_Const'] as { sval?: { sval?: string }; boolval?: { boolval?: boolean } } | undefined
    if (constant?.sval !== undefined) return constant.sval.sval ?? ''
    return constant?.boolval === undefined ? undefined : (constant.boolval.boolval ?? false)
  })
}
