// A statement as it is recorded: its text with each literal and comment replaced by one NUL, followed by what was cut.
// So the values of a statement can be sealed one by one, and its shape can be read by everyone.

import type { RawSegment } from '@sluice/events'
import { Scanner, type TokenKind } from './lexer.ts'

/** More cuts than this would cost more than the statement itself; what follows the last one is cut as a whole. */
export const MAX_CUTS = 1024

export const CUT_LABELS: Readonly<Partial<Record<TokenKind, string>>> = {
  string: 'string',
  'escape-string': 'string',
  'unicode-string': 'string',
  'dollar-string': 'string',
  'bit-string': 'bits',
  number: 'number',
  'line-comment': 'line',
  'block-comment': 'block',
  unterminated: 'unterminated',
  other: 'other',
}

/**
 * The `text` segment and, in the order of its NULs, `literal` and `comment` segments with their source bytes (quotes and
 * comment marks included). Putting them back in place of the NULs gives the text again. Takes any text without NUL.
 */
export function cutLiterals(text: string): RawSegment[] {
  const scanner = new Scanner(text)
  const cuts: RawSegment[] = []
  let shape = ''
  let copied = 0
  while (scanner.next()) {
    const label = CUT_LABELS[scanner.kind]
    if (label === undefined) continue
    const last = cuts.length === MAX_CUTS - 1
    const end = last ? text.length : scanner.end
    const comment = !last && (label === 'line' || label === 'block')
    shape += `${text.slice(copied, scanner.start)}\0`
    copied = end
    cuts.push({
      kind: comment ? 'comment' : 'literal',
      label: last ? 'rest' : label,
      bytes: Buffer.from(text.slice(scanner.start, end), 'utf8'),
    })
    if (last) break
  }
  const whole = copied === 0 ? text : shape + text.slice(copied)
  return [{ kind: 'text', label: 'sql', bytes: Buffer.from(whole, 'utf8') }, ...cuts]
}
