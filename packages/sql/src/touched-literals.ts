// Finds literals again by where PostgreSQL's tree says that they stand: their values, and where they are in what is recorded.

import { ByteOffsets } from './byte-offsets.ts'
import { CUT_LABELS, MAX_CUTS } from './cut-literals.ts'
import { decodeLiteral } from './decode-literal.ts'
import { NEWEST_SERVER_MAJOR } from './facts.ts'
import { Scanner, type TokenKind } from './lexer.ts'
import { withoutQuotes } from './literal-value.ts'

/** A part of a segment that `cutLiterals` made, in its bytes: the whole literal, quotes included. */
export type SegmentSpan = { readonly segment: number; readonly start: number; readonly end: number }

export type FoundLiteral = {
  /** UTF-16 positions of its token in the text. */
  readonly start: number
  readonly end: number
  /** As the server reads it; a number as it is written, with its sign; bits as `b101` and `x1F`. */
  readonly value: string
  /** Null for `true`, `false` and `null`, which are no literals in what is recorded. */
  readonly span: SegmentSpan | null
}

const LITERALS: ReadonlySet<TokenKind> = new Set([
  'string',
  'escape-string',
  'unicode-string',
  'dollar-string',
  'bit-string',
  'number',
])
const KEYWORDS: ReadonlySet<string> = new Set(['true', 'false', 'null'])
const MAX_KEYWORD_LENGTH = 5

/**
 * The literals at these offsets in UTF-8 bytes, as `:location` of a Const tells them: the literal's own, or that of the sign
 * before a number. Null in place of each where no literal begins. One pass over the text, which holds no NUL.
 */
export function touchedLiterals(
  text: string,
  byteOffsets: readonly number[],
  serverMajor: number = NEWEST_SERVER_MAJOR,
): (FoundLiteral | null)[] {
  const found = byteOffsets.map((): FoundLiteral | null => null)
  const wanted = wantedPositions(text, byteOffsets)
  if (wanted.size === 0) return found
  const cuts = new Cuts()
  const scanner = new Scanner(text)
  let signs: readonly Sign[] = []
  while (scanner.next()) {
    const { kind, start, end } = scanner
    cuts.count(scanner)
    if (kind === 'line-comment' || kind === 'block-comment') continue
    const asked = wanted.get(start) ?? NO_INDEXES
    if (isMinus(text, scanner)) {
      signs = [...signs.map(turned), ...asked.map((index) => ({ index, minus: true }))]
      continue
    }
    // Parentheses around the number leave no trace in the tree.
    if (signs.length > 0 && text[start] === '(' && kind === 'punctuation') continue
    const value = asked.length + signs.length > 0 ? literalValueOf(text, scanner, serverMajor) : null
    if (value !== null) {
      const literal = { start, end, value, span: cuts.spanOf(text, scanner) }
      for (const index of asked) found[index] = literal
      if (kind === 'number') {
        for (const { index, minus } of signs) found[index] = minus ? { ...literal, value: `-${value}` } : literal
      }
    }
    signs = NO_SIGNS
  }
  return found
}

/** The values of all strings in a text without NUL, as the server reads them. */
export function stringLiterals(text: string, serverMajor: number = NEWEST_SERVER_MAJOR): string[] {
  const scanner = new Scanner(text)
  const values: string[] = []
  while (scanner.next()) {
    if (!LITERALS.has(scanner.kind) || scanner.kind === 'number') continue
    const value = literalValueOf(text, scanner, serverMajor)
    if (value !== null) values.push(value)
  }
  return values
}

/** Which of the offsets begin at a position. */
function wantedPositions(text: string, byteOffsets: readonly number[]): Map<number, number[]> {
  const offsets = new ByteOffsets(text)
  const wanted = new Map<number, number[]>()
  for (const [byte, index] of byteOffsets.map((each, index) => [each, index] as const).sort(([a], [b]) => a - b)) {
    const position = offsets.positionOf(byte)
    if (position === null) continue
    const known = wanted.get(position)
    if (known === undefined) wanted.set(position, [index])
    else known.push(index)
  }
  return wanted
}

/** An offset that told a sign: the number is still to come. */
type Sign = { readonly index: number; readonly minus: boolean }

const NO_SIGNS: readonly Sign[] = []
const NO_INDEXES: readonly number[] = []
const turned = ({ index, minus }: Sign): Sign => ({ index, minus: !minus })

function isMinus(text: string, { kind, start, end }: Scanner): boolean {
  return kind === 'operator' && end === start + 1 && text[start] === '-'
}

/** Null for what is no literal. */
function literalValueOf(text: string, { kind, start, end }: Scanner, serverMajor: number): string | null {
  if (kind === 'identifier') {
    const word = end - start <= MAX_KEYWORD_LENGTH ? text.slice(start, end).toLowerCase() : ''
    return KEYWORDS.has(word) ? word : null
  }
  if (!LITERALS.has(kind)) return null
  const source = text.slice(start, end)
  if (kind === 'bit-string') return source.slice(0, 1).toLowerCase() + withoutQuotes(kind, source)
  return decodeLiteral(kind, source, serverMajor, kind === 'unicode-string' ? escapeBehind(text, end) : undefined)
}

/** The character of UESCAPE behind a literal; a backslash without one. */
function escapeBehind(text: string, from: number): string {
  const scanner = new Scanner(text)
  scanner.end = from
  const behind: string[] = []
  while (behind.length < 2 && scanner.next()) {
    if (scanner.kind !== 'line-comment' && scanner.kind !== 'block-comment') {
      behind.push(text.slice(scanner.start, scanner.end))
    }
  }
  const [word = '', quoted = ''] = behind
  return word.toLowerCase() === 'uescape' && quoted.length === 3 ? (quoted[1] as string) : '\\'
}

/** Counts the segments that `cutLiterals` makes of the same tokens. */
class Cuts {
  #count = 0
  /** In the last segment, which has all that is left: a position, and its bytes before that. */
  #position = -1
  #bytes = 0

  count({ kind, start }: Scanner): void {
    if (this.#position >= 0 || CUT_LABELS[kind] === undefined) return
    this.#count++
    if (this.#count === MAX_CUTS) this.#position = start
  }

  /** Of the token that was counted last. */
  spanOf(text: string, { kind, start, end }: Scanner): SegmentSpan | null {
    if (CUT_LABELS[kind] === undefined) return null
    if (this.#position >= 0) {
      this.#bytes += bytesIn(text, this.#position, start)
      this.#position = start
    }
    return { segment: this.#count, start: this.#bytes, end: this.#bytes + bytesIn(text, start, end) }
  }
}

function bytesIn(text: string, start: number, end: number): number {
  return Buffer.byteLength(text.slice(start, end), 'utf8')
}
