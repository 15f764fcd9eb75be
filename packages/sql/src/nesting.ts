// How deep a statement's tree can get, estimated from its tokens alone, before a parser sees it: a tree that is too deep
// overflows the stack of whoever walks it, PostgreSQL's parser (as WebAssembly) included.

import { type LexicalViolation, Scanner } from './lexer.ts'

export type Sketch = {
  readonly violation: LexicalViolation | null
  readonly modernNumbers: boolean
  /** No path of the tree is longer than a small multiple of this. */
  readonly nesting: number
  /** `set (a, b) = (…)` has what stands behind it in the tree once for each column: so many tokens are such copies. */
  readonly copies: number
}

/** Each of these can wrap what stands before or behind it once more. */
const WRAPPING: ReadonlySet<string> = new Set(
  'not is isnull notnull collate at like ilike similar between in operator escape'.split(' '),
)
/** They end what `set (a, b) = …` copies, as a comma does. */
const ENDING_COPIES: ReadonlySet<string> = new Set(['and', 'or', 'where', 'from', 'returning', 'when'])
const SET_OPERATIONS: ReadonlySet<string> = new Set(['union', 'except', 'intersect'])
const MAX_KEYWORD_LENGTH = 9
const EQUALS = 61

const OPENING = 40
const CLOSING = 41
const OPENING_BRACKET = 91
const CLOSING_BRACKET = 93
const COMMA = 44
const SEMICOLON = 59

/** One level of parentheses, brackets or CASE. */
class Level {
  readonly bracket: boolean
  /** Operators since the last comma, AND or OR: those lists are flat in the tree. */
  chain = 0
  /** Joins and set operations: commas and AND stand within them, so only the level's end ends them. */
  joins = 0
  /** The AND of a BETWEEN ends no list. */
  betweens = 0
  commas = 0
  /** How often the tree has this level, and what now stands in it. */
  readonly times: number
  timesHere: number

  constructor(bracket: boolean, times: number) {
    this.bracket = bracket
    this.times = times
    this.timesHere = times
  }
}

/** Reads the tokens once. Linear; memory is one object for each open level. */
export function sketch(text: string): Sketch {
  const scanner = new Scanner(text)
  const levels: Level[] = []
  let level = new Level(true, 1)
  // The sum over all open levels but the innermost.
  let below = 0
  let nesting = 0
  let copies = 0
  // Of the parenthesis that has just been closed; 0 where something else came since.
  let columns = 0

  const open = (bracket: boolean): void => {
    below += 1 + level.chain + level.joins
    levels.push(level)
    level = new Level(bracket, level.timesHere)
  }
  const close = (bracket: boolean): void => {
    if (!bracket && level.bracket) return
    while (levels.length > 0) {
      const closed = level
      level = levels.pop() as Level
      below -= 1 + level.chain + level.joins
      columns = closed.commas + 1
      if (closed.bracket === bracket) return
    }
  }
  const word = (name: string): void => {
    if (level.timesHere !== level.times && ENDING_COPIES.has(name)) level.timesHere = level.times
    if (name === 'case') open(false)
    else if (name === 'end') close(false)
    else if (name === 'and') {
      if (level.betweens > 0) level.betweens--
      else level.chain = 0
    } else if (name === 'or' || name === 'when' || name === 'then') level.chain = 0
    else if (name === 'join') level.joins++
    else if (SET_OPERATIONS.has(name)) {
      level.joins++
      level.chain = 0
    } else if (WRAPPING.has(name)) {
      level.chain++
      if (name === 'between') level.betweens++
    }
  }

  while (scanner.next()) {
    const before = columns
    columns = 0
    if (scanner.kind === 'operator') {
      level.chain++
      if (scanner.end === scanner.start + 1 && text.charCodeAt(scanner.start) === EQUALS) {
        if (before > 1) level.timesHere = Math.max(level.timesHere, level.times * before)
      }
    } else if (scanner.kind === 'line-comment' || scanner.kind === 'block-comment') columns = before
    else if (scanner.kind === 'identifier') {
      if (scanner.end - scanner.start <= MAX_KEYWORD_LENGTH) word(text.slice(scanner.start, scanner.end).toLowerCase())
    } else if (scanner.kind === 'punctuation') {
      const code = text.charCodeAt(scanner.start)
      if (code === OPENING || code === OPENING_BRACKET) open(true)
      else if (code === CLOSING || code === CLOSING_BRACKET) close(true)
      else if (code === COMMA) {
        level.chain = 0
        level.commas++
        level.timesHere = level.times
      } else if (code === SEMICOLON) level = new Level(level.bracket, 1)
    }
    copies += level.timesHere - 1
    const here = below + level.chain + level.joins
    if (here > nesting) nesting = here
  }
  return { violation: scanner.violation, modernNumbers: scanner.modernNumbers, nesting, copies }
}
