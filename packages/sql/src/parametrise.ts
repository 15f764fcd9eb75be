// Texts that differ in literals only, as one text with parameters, so that one prepared statement serves them all. What it
// finds, changes and fails with is the same, if `haveSameMeaning` says so of the types that the server gave the parameters.

import { ByteOffsets } from './byte-offsets.ts'
import { classOf, DIGIT, IDENT_START } from './characters.ts'
import { NEWEST_SERVER_MAJOR } from './facts.ts'
import { INT4_TYPE, INT8_TYPE, NUMERIC_TYPE, type Shape, STRING_TYPE, shapeOf, shapeValue } from './literal-shape.ts'
import { slotsOf } from './literal-slots.ts'
import type { RawNode } from './parser.ts'
import { readText } from './read-text.ts'
import { isSameTree } from './same-tree.ts'

/** In UTF-16 positions. */
export type Slot = {
  /** The literal in the client's text, with its sign. */
  readonly start: number
  readonly end: number
  /** What stands in its place, with blanks that keep words apart. */
  readonly at: number
  readonly to: number
}

export type Parametrised = {
  /** With `$1` … in place of literals. */
  readonly text: string
  /** Of texts with the same key the text and the types are the same. */
  readonly key: string
  /** `pg_type` ids to name in Parse; 0 where the server finds the type. */
  readonly types: readonly number[]
  /** In text format. */
  readonly values: readonly string[]
  readonly slots: readonly Slot[]
}

/** Longer texts are not looked at: their literals are many, and they hardly come again. UTF-16 code units. */
export const MAX_PARAMETRISED_CHARACTERS = 4096
export const MAX_PARAMETERS = 64
/** Shapes are kept as long as there are not more; each holds a text. */
const MAX_SHAPES = 512

/** A literal that becomes a parameter: its index among those of the shape, and whether the `-` before it is its sign. */
type Place = { readonly index: number; readonly negative: boolean }

/** Knows the shapes of the texts that it saw. The parser has been loaded before. */
export class Parametriser {
  readonly #shapes = new Map<string, readonly Place[] | null>()

  /** Null where the text has nothing that could be a parameter, or is none that this is for. */
  parametrise(text: string): Parametrised | null {
    if (text.length > MAX_PARAMETRISED_CHARACTERS) return null
    const shape = shapeOf(text)
    if (shape.literals.length === 0) return null
    let places = this.#shapes.get(shape.key)
    if (places === undefined) {
      places = placesIn(text, shape)
      const [oldest] = this.#shapes.keys()
      if (this.#shapes.size >= MAX_SHAPES && oldest !== undefined) this.#shapes.delete(oldest)
      this.#shapes.set(shape.key, places)
    }
    return places === null ? null : withParameters(text, shape, places)
  }
}

function placesIn(text: string, shape: Shape): readonly Place[] | null {
  const read = readText(text, NEWEST_SERVER_MAJOR)
  const [statement, ...others] = read.kind === 'tree' ? read.statements : []
  if (statement === undefined || others.length > 0) return null
  try {
    const locations = slotsOf(statement)
    if (locations === null) return null
    const places = placesAt(text, shape, locations)
    if (places.length === 0 || places.length > MAX_PARAMETERS) return null
    return saysSame(statement, text, withParameters(text, shape, places)) ? places : null
  } catch (error) {
    // The tree is deeper than the stack.
    if (error instanceof RangeError) return null
    throw error
  }
}

/** A negative number is said to stand where its sign does. */
function placesAt(text: string, { literals }: Shape, locations: ReadonlySet<number>): Place[] {
  const offsets = new ByteOffsets(text)
  const positions = new Set([...locations].sort((a, b) => a - b).map((location) => offsets.positionOf(location)))
  return literals.flatMap(({ start, minus }, index) => {
    if (minus >= 0 && positions.has(minus)) return { index, negative: true }
    return positions.has(start) ? { index, negative: false } : []
  })
}

function withParameters(text: string, { literals }: Shape, places: readonly Place[]): Parametrised {
  const types: number[] = []
  const values: string[] = []
  const slots: Slot[] = []
  let written = ''
  let copied = 0
  for (const { index, negative } of places) {
    const literal = literals[index]
    if (literal === undefined) continue
    const start = negative ? literal.minus : literal.start
    written += text.slice(copied, start)
    const at = written.length
    // A word right beside it would become part of it.
    if (isWordAt(text, start - 1)) written += ' '
    written += `$${types.length + 1}`
    if (isWordAt(text, literal.end)) written += ' '
    copied = literal.end
    types.push(literal.type)
    values.push(shapeValue(text, literal, negative))
    slots.push({ start, end: literal.end, at, to: written.length })
  }
  written += text.slice(copied)
  return { text: written, key: `${types.join(' ')}\0${written}`, types, values, slots }
}

const DOLLAR = 36

function isWordAt(text: string, position: number): boolean {
  const code = text.charCodeAt(position)
  return (classOf(code) & (IDENT_START | DIGIT)) !== 0 || code === DOLLAR
}

/** The parser has to see the same statement, with a parameter for each of the literals. */
function saysSame(statement: RawNode, text: string, { text: written, slots }: Parametrised): boolean {
  const offsets = new ByteOffsets(text)
  const numbers = new Map(slots.map(({ start }, index) => [offsets.byteOf(start), index + 1]))
  const wanted = JSON.stringify(statement, (_, value: unknown) => {
    const constant = (value as { readonly A_Const?: { readonly location?: number } } | null)?.A_Const
    const number = constant === undefined ? undefined : numbers.get(constant.location ?? 0)
    return number === undefined ? value : { ParamRef: { number } }
  })
  const read = readText(written, NEWEST_SERVER_MAJOR)
  const [same, ...others] = read.kind === 'tree' ? read.statements : []
  return same !== undefined && others.length === 0 && isSameTree(JSON.parse(wanted) as RawNode, same)
}

/**
 * Types whose input function reads a literal and a parameter alike, and runs no code of the database. Not `interval`: what a
 * bare number means to it depends on the column that a literal is written to.
 */
const PLAIN_TYPES: ReadonlySet<number> = new Set([
  // bool bytea "char" name int8 int2 int4 text oid json
  16, 17, 18, 19, 20, 21, 23, 25, 26, 114,
  // cidr float4 float8 macaddr8 inet macaddr
  650, 700, 701, 774, 869, 829,
  // bpchar varchar date time timestamp timestamptz timetz numeric uuid jsonb
  1042, 1043, 1082, 1083, 1114, 1184, 1266, 1700, 2950, 3802,
])
const NUMBER_TYPES: ReadonlySet<number> = new Set([INT4_TYPE, INT8_TYPE, NUMERIC_TYPE])

/** Do the parameters mean what the literals mean? `resolved` are the types that the server describes the statement with. */
export function haveSameMeaning({ types }: Parametrised, resolved: readonly number[]): boolean {
  if (types.length !== resolved.length) return false
  return types.every((type, index) => {
    const found = resolved[index] as number
    return type === STRING_TYPE ? PLAIN_TYPES.has(found) : NUMBER_TYPES.has(type) && found === type
  })
}

/** Where in the client's own text an error stands: `position` counts characters from 1, as errors do. */
export function originalPosition(text: string, parametrised: Parametrised, position: number): number {
  const at = unitsOf(parametrised.text, position - 1)
  let moved = at
  for (const slot of parametrised.slots) {
    if (slot.at > at) break
    moved = at < slot.to ? slot.start : slot.end + at - slot.to
  }
  return countOf(text.slice(0, Math.min(moved, text.length))) + 1
}

const isPair = (text: string, at: number): boolean => (text.codePointAt(at) ?? 0) > 0xffff

function unitsOf(text: string, characters: number): number {
  let at = 0
  for (let left = characters; left > 0 && at < text.length; left--) at += isPair(text, at) ? 2 : 1
  return at
}

function countOf(text: string): number {
  let count = 0
  for (let at = 0; at < text.length; at += isPair(text, at) ? 2 : 1) count++
  return count
}
