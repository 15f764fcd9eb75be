// From a text to its parse tree, where it is small and shallow enough for whoever walks it, and every server reads it the
// same way.

import type { SizeLimit } from './facts.ts'
import type { LexicalViolation } from './lexer.ts'
import { sketch } from './nesting.ts'
import { parse, type RawNode, type Span } from './parser.ts'
import { syntaxMessage } from './syntax-message.ts'

/** Deeper trees endanger the stack of whoever walks them. */
export const MAX_NESTING = 500
/** A kilobyte of text can be a gigabyte of tree, by copies within copies. */
export const MAX_COPIES = 100_000

/** Numbers with underscores and radix prefixes. */
const MODERN_NUMBERS_MAJOR = 16

const VIOLATIONS: Readonly<Record<LexicalViolation, string>> = {
  unterminated_string: 'a quoted string does not end',
  unterminated_identifier: 'a quoted identifier does not end',
  unterminated_comment: 'a /* comment does not end',
  junk_after_number: 'trailing junk after a number',
  junk_after_parameter: 'trailing junk after a parameter',
}

export type Unread =
  /** `message` is for the client: words of its own text that may be values are withheld in it. */
  { readonly kind: 'unparsable'; readonly message: string } | { readonly kind: 'too_large'; readonly limit: SizeLimit }

export type ReadText =
  | Unread
  | { readonly kind: 'tree'; readonly statements: readonly RawNode[]; readonly spans: readonly Span[] }

export const TOO_DEEP: Unread = { kind: 'too_large', limit: 'nesting' }

/** Of a text without NUL, of any length. */
export function readText(text: string, serverMajor: number): ReadText {
  const { violation, modernNumbers, nesting, copies } = sketch(text)
  if (violation !== null) return { kind: 'unparsable', message: VIOLATIONS[violation] }
  if (modernNumbers && serverMajor < MODERN_NUMBERS_MAJOR) {
    return { kind: 'unparsable', message: `PostgreSQL ${serverMajor} reads numbers such as 1_000 or 0x1F differently` }
  }
  if (nesting > MAX_NESTING) return TOO_DEEP
  if (copies > MAX_COPIES) return { kind: 'too_large', limit: 'tree' }
  const parsed = parse(text)
  switch (parsed.kind) {
    case 'tree':
      return parsed
    case 'syntax-error':
      return { kind: 'unparsable', message: syntaxMessage(parsed.message) }
    case 'too-large':
      return { kind: 'too_large', limit: 'tree' }
    case 'broken':
      return { kind: 'unparsable', message: 'the parser had to be restarted; try again' }
    default:
      return parsed satisfies never
  }
}
