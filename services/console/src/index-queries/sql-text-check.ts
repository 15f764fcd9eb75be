// The first half of the gate: what can be judged from the text. It sees what the tree hides (the definition of an
// inline window), and keeps the text inside the statement that asks for the tree.

import type { SqlToken } from './sql-tokens.ts'
import { FORBIDDEN_WORDS, isAllowedFunction, WORDS_BEFORE_PARENTHESIS } from './sql-vocabulary.ts'

export type TextFinding =
  | { readonly ok: true; readonly withNames: ReadonlySet<string> }
  | { readonly ok: false; readonly reason: string }

export const MAX_NESTING = 64
/** In an inline window, which the tree does not show. */
const NOT_IN_WINDOW = new Set(['select', 'from', 'in', 'with', 'join'])

export function checkText(tokens: readonly SqlToken[]): TextFinding {
  const first = tokens.find(({ kind, ...token }) => kind !== 'symbol' || ('text' in token && token.text !== '('))
  const firstWord = first?.kind === 'word' ? first.text.toLowerCase() : ''
  if (firstWord !== 'select' && firstWord !== 'with') return no('a question is one SELECT')
  const withNames = new Set<string>()
  /** For each open parenthesis, whether it is, or stands in, the definition of a window. */
  const open: boolean[] = []
  for (const [index, token] of tokens.entries()) {
    const previous = tokens[index - 1]
    if (token.kind === 'word') {
      const word = token.text.toLowerCase()
      const forbidden = FORBIDDEN_WORDS.get(word)
      if (forbidden !== undefined) return no(`${token.text.toUpperCase()} is not taken here: ${forbidden}`)
      if (open.at(-1) === true && NOT_IN_WINDOW.has(word)) return no('a window may not hold a query of its own')
    }
    if (token.kind === 'word' || token.kind === 'quoted-name') {
      if (isWithName(tokens, index)) withNames.add(token.text)
      continue
    }
    if (token.kind !== 'symbol') continue
    if (token.text === '(') {
      const refusal = beforeParenthesis(previous)
      if (refusal !== null) return no(refusal)
      open.push(open.at(-1) === true || (previous?.kind === 'word' && previous.text.toLowerCase() === 'over'))
      if (open.length > MAX_NESTING) return no(`parentheses are nested more than ${MAX_NESTING} deep`)
    } else if (token.text === ')' && open.pop() === undefined) {
      return no('there is one closing parenthesis too many')
    }
  }
  return open.length === 0 ? { ok: true, withNames } : no('a parenthesis is not closed')
}

/** A name before a parenthesis calls something, however it is quoted. */
function beforeParenthesis(previous: SqlToken | undefined): string | null {
  if (previous?.kind === 'quoted-name') return isAllowedFunction(previous.text) ? null : notAFunction(previous.text)
  if (previous?.kind !== 'word') return null
  if (WORDS_BEFORE_PARENTHESIS.has(previous.text.toLowerCase()) || isAllowedFunction(previous.text)) return null
  return notAFunction(previous.text)
}

export function notAFunction(name: string): string {
  return `${name} is not among the functions that can be used here`
}

/** `WITH name AS (SELECT`, or the same behind a comma. */
function isWithName(tokens: readonly SqlToken[], index: number): boolean {
  const before = tokens[index - 1]
  const [as, parenthesis] = [tokens[index + 1], tokens[index + 2]]
  const begins = (before?.kind === 'word' && before.text.toLowerCase() === 'with') || isSymbol(before, ',')
  return begins && as?.kind === 'word' && as.text.toLowerCase() === 'as' && isSymbol(parenthesis, '(')
}

function isSymbol(token: SqlToken | undefined, text: string): boolean {
  return token?.kind === 'symbol' && token.text === text
}

function no(reason: string): TextFinding {
  return { ok: false, reason }
}
