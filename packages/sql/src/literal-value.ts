// The values of string literals, from their source: for how long they are, and whether they may be shown.

import type { TokenKind } from './lexer.ts'

export type LiteralValue = {
  readonly value: string
  /** Comments between the parts of a literal that goes on in another line. */
  readonly comments: number
  /** Something in it is written in another way: its source is not its value. */
  readonly escaped: boolean
}

const PREFIX: Readonly<Partial<Record<TokenKind, number>>> = {
  string: 1,
  'escape-string': 2,
  'bit-string': 2,
  'unicode-string': 3,
}
const ESCAPE = /\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{1,2}|[0-7]{1,3}|[\s\S])/g
const UNICODE_ESCAPE = /\\(?:\+[0-9a-fA-F]{6}|[0-9a-fA-F]{4}|[\s\S])/g

/** Of a terminated token with quotes or dollars. Linear in its length. */
export function literalValue(kind: TokenKind, source: string): LiteralValue {
  if (kind === 'dollar-string') {
    const tag = source.indexOf('$', 1) + 1
    return { value: source.slice(tag, source.length - tag), comments: 0, escaped: false }
  }
  const joined = joinParts(source, PREFIX[kind] ?? 1, kind === 'escape-string')
  const escapes = kind === 'escape-string' ? ESCAPE : kind === 'unicode-string' ? UNICODE_ESCAPE : null
  if (escapes === null || !joined.value.includes('\\')) return { ...joined, escaped: kind === 'unicode-string' }
  // Which character it is does not matter: what is written that way is not shown.
  return { ...joined, value: joined.value.replace(escapes, '?'), escaped: true }
}

/** What stands between the quotes of a literal, escapes as they are written. */
export function withoutQuotes(kind: TokenKind, source: string): string {
  return joinParts(source, PREFIX[kind] ?? 1, kind === 'escape-string').value
}

/** What stands between the quotes, doubled ones as one, and the parts of a continued literal put together. */
function joinParts(source: string, from: number, backslashes: boolean): { value: string; comments: number } {
  let value = ''
  let comments = 0
  let at = from
  let copied = from
  while (at < source.length) {
    if (backslashes && source[at] === '\\') at += 2
    else if (source[at] !== "'") at++
    else if (source[at + 1] === "'") {
      value += source.slice(copied, at + 1)
      at += 2
      copied = at
    } else {
      value += source.slice(copied, at)
      at++
      while (at < source.length && source[at] !== "'") {
        if (source[at] === '-') {
          comments++
          while (at < source.length && source[at] !== '\n' && source[at] !== '\r') at++
        } else at++
      }
      at++
      copied = at
    }
  }
  return { value, comments }
}
