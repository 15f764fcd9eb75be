// Cuts the query out of a statement that has one inside, by the positions of its tokens. Where it begins and ends is only
// guessed here, by the words around it: what was cut counts if the parser makes the very same tree of it.

import { ByteOffsets } from './byte-offsets.ts'
import { Scanner, type TokenKind } from './lexer.ts'
import { walk } from './names.ts'
import { parse, type RawNode } from './parser.ts'
import { isSameTree } from './same-tree.ts'
import type { InnerQuery } from './utility-facts.ts'

export type Word = {
  readonly kind: TokenKind
  readonly start: number
  readonly end: number
  /** An identifier without quotes in lower case, punctuation as it is; empty for everything else, and for long words. */
  readonly name: string
  /** How many parentheses are around it. */
  readonly depth: number
}

const MAX_KEYWORD_LENGTH = 12

/** The tokens of a text but its comments. */
export function wordsOf(text: string): Word[] {
  const scanner = new Scanner(text)
  const words: Word[] = []
  let depth = 0
  while (scanner.next()) {
    const { kind, start, end } = scanner
    if (kind === 'line-comment' || kind === 'block-comment') continue
    const named = (kind === 'identifier' || kind === 'punctuation') && end - start <= MAX_KEYWORD_LENGTH
    const name = named ? text.slice(start, end).toLowerCase() : ''
    if (name === ')') depth--
    words.push({ kind, start, end, name, depth })
    if (name === '(') depth++
  }
  return words
}

/** What stands before a query. */
export type Before = 'for' | 'as' | 'copy' | 'explain'

type Range = { readonly start: number; readonly end: number }

/** The query of a statement with one statement in its text, whose tree is `wanted`; null where it can't be told for sure. */
export function cutInner(text: string, before: Before, wanted: RawNode): InnerQuery | null {
  const words = wordsOf(text)
  while (words.at(-1)?.name === ';') words.pop()
  const first = firstOf(words, before)
  if (first < 0) return null
  for (const range of rangesFrom(words, first, before)) {
    const inner = text.slice(range.start, range.end)
    if (saysSame(inner, wanted)) return { text: inner, at: new ByteOffsets(text).byteOf(range.start) }
  }
  return null
}

/** The index of the query's first word; -1 where there is none. */
function firstOf(words: readonly Word[], before: Before): number {
  if (before === 'explain') return behindExplain(words)
  const mark = before === 'copy' ? '(' : before
  const index = words.findIndex(({ name, depth }) => depth === 0 && name === mark)
  return index < 0 || index === words.length - 1 ? -1 : index + 1
}

const FIRST_WORDS: ReadonlySet<string> = new Set(['(', 'select', 'with', 'values', 'table'])
const EXPLAIN_WORDS: ReadonlySet<string> = new Set(['analyze', 'analyse', 'verbose'])

function behindExplain(words: readonly Word[]): number {
  let index = words.findIndex(({ name }) => name === 'explain') + 1
  if (words[index]?.name === '(' && !FIRST_WORDS.has(words[index + 1]?.name ?? '')) {
    index = words.findIndex(({ name, depth }, at) => at > index && depth === 0 && name === ')') + 1
  }
  while (EXPLAIN_WORDS.has(words[index]?.name ?? '')) index++
  return index > 0 && index < words.length ? index : -1
}

/** Words that may follow the query of a CREATE; how many of them there are is tried in turn. */
const TAIL_WORDS: ReadonlySet<string> = new Set(['with', 'no', 'data', 'cascaded', 'local', 'check', 'option'])
const MAX_TAIL_WORDS = 4

function rangesFrom(words: readonly Word[], first: number, before: Before): Range[] {
  const start = (words[first] as Word).start
  const upTo = (index: number): Range => ({ start, end: (words[index] as Word).end })
  if (before === 'copy') {
    const closing = words.findIndex(({ name, depth }, at) => at >= first && depth === 0 && name === ')')
    return closing > first ? [upTo(closing - 1)] : []
  }
  const last = words.length - 1
  const ranges = [upTo(last)]
  if (before !== 'as') return ranges
  for (let tail = 1; tail <= MAX_TAIL_WORDS && last - tail > first; tail++) {
    if (!TAIL_WORDS.has(words[last - tail + 1]?.name ?? '')) break
    ranges.push(upTo(last - tail))
  }
  return ranges
}

/** A SELECT … INTO without its INTO: blanks stand in its place, so that all else stays where it is. */
export function withoutInto(text: string, select: RawNode): InnerQuery | null {
  let named: unknown
  walk(select, (node, type) => {
    if (type === 'intoClause') named ??= (node['rel'] as RawNode | undefined)?.['location']
    return true
  })
  const position = typeof named === 'number' ? new ByteOffsets(text).positionOf(named) : null
  const words = wordsOf(text)
  let last = words.findIndex(({ start }) => start === position)
  const first = words.findLastIndex(({ name, start }) => name === 'into' && start < (position ?? 0))
  if (first < 0 || last < 0) return null
  while (words[last + 1]?.name === '.') last += 2
  const start = words[first]?.start ?? 0
  const end = words[last]?.end ?? text.length
  const blank = ' '.repeat(Buffer.byteLength(text.slice(start, end), 'utf8'))
  const inner = text.slice(0, start) + blank + text.slice(end)
  return saysSame(inner, withoutClause(select)) ? { text: inner, at: 0 } : null
}

function withoutClause(select: RawNode): RawNode {
  const copy = JSON.stringify(select, (field, value: unknown) => (field === 'intoClause' ? undefined : value))
  return JSON.parse(copy) as RawNode
}

function saysSame(text: string, wanted: RawNode): boolean {
  const parsed = parse(text)
  const [statement] = parsed.kind === 'tree' && parsed.statements.length === 1 ? parsed.statements : []
  return statement !== undefined && isSameTree(statement, wanted)
}
