// Two texts of the same shape differ in the values of some literals only, and so the parser makes the same tree of them, but
// for those values: which kind of token a literal is decides what it may stand for, its value does not.

import { decodeLiteral } from './decode-literal.ts'
import { NEWEST_SERVER_MAJOR } from './facts.ts'
import { Scanner } from './lexer.ts'

/** `pg_type` ids: of a number as PostgreSQL takes it; none for a string, which fits in with what is beside it. */
export const STRING_TYPE = 0
export const INT4_TYPE = 23
export const INT8_TYPE = 20
export const NUMERIC_TYPE = 1700

export type ShapeLiteral = {
  /** UTF-16 positions. */
  readonly start: number
  readonly end: number
  /** Where the `-` right before it stands, which may be its sign or an operator; -1 without one. */
  readonly minus: number
  readonly type: number
}

export type Shape = {
  /** The text with a mark in place of each of its literals. */
  readonly key: string
  readonly literals: readonly ShapeLiteral[]
}

const MARKS: ReadonlyMap<number, string> = new Map([
  [STRING_TYPE, '\0s'],
  [INT4_TYPE, '\0i'],
  [INT8_TYPE, '\0l'],
  [NUMERIC_TYPE, '\0n'],
])

/** One pass over a text without NUL. Literals that are written in rarer ways stay part of the shape. */
export function shapeOf(text: string): Shape {
  const scanner = new Scanner(text)
  const literals: ShapeLiteral[] = []
  let key = ''
  let copied = 0
  let minus = -1
  while (scanner.next()) {
    const { kind, start, end } = scanner
    const type =
      kind === 'string' || kind === 'dollar-string'
        ? STRING_TYPE
        : kind === 'number'
          ? numberType(text.slice(start, end))
          : null
    if (type !== null) {
      literals.push({ start, end, minus, type })
      key += text.slice(copied, start) + (MARKS.get(type) ?? '')
      copied = end
    }
    minus = kind === 'operator' && end === start + 1 && text[start] === '-' ? start : -1
  }
  return { key: key + text.slice(copied), literals }
}

/** The value as it is sent for a parameter, with its sign. */
export function shapeValue(text: string, { start, end, type }: ShapeLiteral, negative: boolean): string {
  const source = text.slice(start, end)
  if (type !== STRING_TYPE) return negative ? `-${source}` : source
  // Neither kind has escapes, so every version reads it alike.
  return decodeLiteral(source.startsWith("'") ? 'string' : 'dollar-string', source, NEWEST_SERVER_MAJOR)
}

const INTEGER = /^\d{1,24}$/
const NUMERIC = /^(?:\d{1,40}\.?\d{0,40}|\.\d{1,40})(?:[eE][+-]?\d{1,4})?$/
const MAX_INT4 = 2_147_483_647n
const MAX_INT8 = 9_223_372_036_854_775_807n

/** Null where it depends on the sign, or where servers do not agree on how it is read. */
function numberType(source: string): number | null {
  if (!INTEGER.test(source)) return NUMERIC.test(source) ? NUMERIC_TYPE : null
  if (source.length < 10) return INT4_TYPE
  const value = BigInt(source)
  if (value === MAX_INT4 + 1n || value === MAX_INT8 + 1n) return null
  return value <= MAX_INT4 ? INT4_TYPE : value <= MAX_INT8 ? INT8_TYPE : NUMERIC_TYPE
}
