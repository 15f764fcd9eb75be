// What is known of the value of an expression or a column: which sensitive columns it is made of, and how.

import type { TreeNode } from '../tree/node.ts'
import type { Source } from './lineage.ts'

export type Value = {
  readonly sources: readonly Source[]
  /** It is the stored value of one column each time, and all of them have the same tags. */
  readonly bare: boolean
  /** Its sources are on record as touched already: whatever is done with it next tells nothing more. */
  readonly touched: boolean
  /** It differs from row to row otherwise than as a list of constants. */
  readonly varies: boolean
  /** One of several constants: combined with others it is as good as a varying one. */
  readonly listed: boolean
  /** How many times its sources' size it may have. */
  readonly weight: number
  /** A Const or a parameter of the statement. */
  readonly literal: TreeNode | null
  /** What has further literals in it. */
  readonly parts: readonly Value[]
}

/** A value this many times as large as what it is made of may fail by its size, which tells of its length. */
export const HEAVY = 257

const NOTHING = {
  sources: [],
  bare: false,
  touched: false,
  listed: false,
  weight: 0,
  literal: null,
  parts: [],
} as const

/** The same in each row. */
export const CLEAN: Value = { ...NOTHING, varies: false }
/** Clean, and made of rows. */
export const VARYING: Value = { ...NOTHING, varies: true }
/** Not known yet: the columns of a recursive term before its first pass. */
export const UNSEEN: Value = { ...NOTHING, varies: false }

export const isSensitive = ({ sources }: Value): boolean => sources.length > 0

export const columnValue = (source: Source): Value => ({
  ...VARYING,
  sources: [source],
  bare: true,
  weight: 1,
})

export const literalValue = (literal: TreeNode): Value => ({ ...CLEAN, literal })

/** Made of rows, whatever it was made of before. */
export const varying = (value: Value): Value => (value.varies ? value : { ...value, varies: true })

export const tagKey = ({ verdict, tags }: Pick<Source, 'verdict' | 'tags'>): string =>
  `${verdict} ${[...tags].sort().join(' ')}`

/** Both are sensitive, and of the same tags. */
export const sameTags = (a: Value, b: Value): boolean => {
  const keys = new Set([...a.sources, ...b.sources].map(tagKey))
  return isSensitive(a) && isSensitive(b) && keys.size === 1
}

export function sourcesOf(values: readonly Value[]): readonly Source[] {
  const sensitive = values.filter(isSensitive)
  const [first] = sensitive
  if (first === undefined) return []
  if (sensitive.every(({ sources }) => sources === first.sources)) return first.sources
  return [...new Set(sensitive.flatMap(({ sources }) => sources))]
}

const withLiterals = (values: readonly Value[]): readonly Value[] =>
  values.filter(({ literal, parts }) => literal !== null || parts.length > 0)

/** Made of all of them. `factor`: how much larger than all together it may be. */
export function computed(values: readonly Value[], factor = 1): Value {
  const sources = sourcesOf(values)
  return {
    sources,
    bare: false,
    touched: sources.length > 0 && values.every((value) => value.touched || !isSensitive(value)),
    varies: values.some(({ varies, listed }) => varies || listed),
    listed: false,
    weight: Math.min(HEAVY, factor * values.reduce((sum, { weight }) => sum + weight, 0)),
    literal: null,
    parts: withLiterals(values),
  }
}

/** One of them each time: the arms of a set operation, the rows of VALUES. */
export function oneOf(arms: readonly Value[]): Value {
  const seen = arms.filter((arm) => arm !== UNSEEN)
  const [first] = seen
  if (first === undefined) return UNSEEN
  if (seen.every((arm) => arm === first)) return first
  const varies = seen.some((arm) => arm.varies)
  return {
    sources: sourcesOf(seen),
    bare: seen.every((arm) => arm.bare && sameTags(arm, first)),
    touched: seen.every((arm) => arm.touched || !isSensitive(arm)) && seen.some(isSensitive),
    varies,
    listed: !varies,
    weight: seen.reduce((most, { weight }) => Math.max(most, weight), 0),
    literal: null,
    parts: withLiterals(seen),
  }
}

/** Constants and parameters in it, each once. */
export function literalsOf(value: Value): readonly TreeNode[] {
  const found = new Set<TreeNode>()
  const seen = new Set<Value>([value])
  const open = [value]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.literal !== null) found.add(next.literal)
    for (const part of next.parts) {
      if (seen.has(part)) continue
      seen.add(part)
      open.push(part)
    }
  }
  return [...found]
}
