// The first half of the gate: what can be judged from the text. It sees what the tree hides (the definition of an
// inline window, the function of APPLY), and keeps the text inside the statement that asks for the tree.

import type { SqlToken } from './sql-tokens.ts'
import { FORBIDDEN_WORDS, isAllowedFunction, WORDS_BEFORE_PARENTHESIS } from './sql-vocabulary.ts'

export type TextFinding =
  | { readonly ok: true; readonly expected: ExpectedOfTree }
  | { readonly ok: false; readonly reason: string }

/** What the tree has to hold, seen from the text. A tree with less hides something. */
export type ExpectedOfTree = {
  readonly selects: number
  readonly memberships: number
  /** Names that the query's own leading WITH gives to subqueries. */
  readonly withNames: ReadonlySet<string>
}

export const MAX_NESTING = 64

/** Not in an inline window: the tree has no node for one, and BETWEEN, which it writes out, can make the counts fit. */
const NOT_IN_WINDOW: ReadonlySet<string> = new Set(['select', 'in', 'from', 'with'])

export function checkText(tokens: readonly SqlToken[]): TextFinding {
  const first = tokens.find((token) => !isSymbol(token, '('))
  if (!isWord(first, 'select') && !isWord(first, 'with')) return no('a question is one SELECT')
  const withNames = new Set<string>()
  let inLeadingWith = isWord(tokens[0], 'with')
  /** For each open parenthesis, whether it holds the definition of a window, or stands in one. */
  const open: boolean[] = []
  for (const [index, token] of tokens.entries()) {
    if (token.kind === 'word') {
      const forbidden = FORBIDDEN_WORDS.get(token.text.toLowerCase())
      if (forbidden !== undefined) return no(`${token.text.toUpperCase()} is not taken here: ${forbidden}`)
      if (open.at(-1) === true && NOT_IN_WINDOW.has(token.text.toLowerCase())) {
        return no('a window may not hold a query of its own')
      }
      if (open.length === 0 && isWord(token, 'select')) inLeadingWith = false
    }
    if (inLeadingWith && open.length === 0 && isWithName(tokens, index)) withNames.add(nameOf(token))
    if (isSymbol(token, '(')) {
      const refusal = beforeParenthesis(tokens[index - 1])
      if (refusal !== null) return no(refusal)
      open.push(open.at(-1) === true || isWord(tokens[index - 1], 'over'))
      if (open.length > MAX_NESTING) return no(`parentheses are nested more than ${MAX_NESTING} deep`)
    } else if (isSymbol(token, ')') && open.pop() === undefined) {
      return no('there is one closing parenthesis too many')
    }
  }
  if (open.length > 0) return no('a parenthesis is not closed')
  const count = (word: string): number => tokens.filter((token) => isWord(token, word)).length
  return { ok: true, expected: { selects: count('select'), memberships: count('in'), withNames } }
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

/** `WITH name AS (`, or the same behind a comma. */
function isWithName(tokens: readonly SqlToken[], index: number): boolean {
  const begins = isWord(tokens[index - 1], 'with') || isSymbol(tokens[index - 1], ',')
  return begins && nameOf(tokens[index]) !== '' && isWord(tokens[index + 1], 'as') && isSymbol(tokens[index + 2], '(')
}

function nameOf(token: SqlToken | undefined): string {
  return token?.kind === 'word' || token?.kind === 'quoted-name' ? token.text : ''
}

function isWord(token: SqlToken | undefined, word: string): boolean {
  return token?.kind === 'word' && token.text.toLowerCase() === word
}

function isSymbol(token: SqlToken | undefined, text: string): boolean {
  return token?.kind === 'symbol' && token.text === text
}

function no(reason: string): TextFinding {
  return { ok: false, reason }
}
