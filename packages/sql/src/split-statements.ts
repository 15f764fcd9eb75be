// The single statements of a text with several, so that each can be decided and sent by itself.

import { ByteOffsets } from './byte-offsets.ts'
import { NEWEST_SERVER_MAJOR, type StatementPart } from './facts.ts'
import type { RawNode, Span } from './parser.ts'
import { readText, type Unread } from './read-text.ts'
import { isSameTree } from './same-tree.ts'

/** More would be no question for a policy. */
const MAX_PARTS = 64

const INDIVISIBLE: Unread = { kind: 'unparsable', message: 'its statements can not be told apart' }

export type SplitParts =
  | { readonly kind: 'split'; readonly parts: readonly { readonly part: StatementPart; readonly statement: RawNode }[] }
  | Unread

/**
 * Put together, the parts are the text; where there is no statement there is no part. Each comes with its own tree, whose
 * positions are those of the part. A part that says anything else by itself is refused. Throws RangeError where a tree is
 * deeper than the stack.
 */
export function partsOf(text: string, statements: readonly RawNode[], spans: readonly Span[]): SplitParts {
  const [only] = statements
  if (only === undefined) return { kind: 'split', parts: [] }
  if (statements.length === 1) {
    return { kind: 'split', parts: [{ part: { text, characters: 0, bytes: 0 }, statement: only }] }
  }
  if (statements.length > MAX_PARTS) return { kind: 'too_large', limit: 'statements' }
  const cuts = cutBehindSemicolons(text, spans)
  if (cuts === null) return INDIVISIBLE
  const parts = cuts.map((part, index) => {
    const alone = readText(part.text, NEWEST_SERVER_MAJOR)
    const [statement] = alone.kind === 'tree' && alone.statements.length === 1 ? alone.statements : []
    const same = statement !== undefined && isSameTree(statement, statements[index] as RawNode)
    return same ? { part, statement } : null
  })
  const whole = parts.filter((part) => part !== null)
  return whole.length === parts.length ? { kind: 'split', parts: whole } : INDIVISIBLE
}

const SEMICOLON = ';'

/** Each part goes on to its semicolon; the last has what follows, too. Null where a span does not fit the text. */
function cutBehindSemicolons(text: string, spans: readonly Span[]): StatementPart[] | null {
  const offsets = new ByteOffsets(text)
  const parts: StatementPart[] = []
  let from = 0
  let characters = 0
  let bytes = 0
  for (const [index, { end }] of spans.entries()) {
    const last = index === spans.length - 1
    const semicolon = last ? text.length - 1 : end === null ? null : offsets.positionOf(end)
    if (semicolon === null || semicolon < from || (!last && text[semicolon] !== SEMICOLON)) return null
    const part = text.slice(from, semicolon + 1)
    parts.push({ text: part, characters, bytes })
    characters += countCharacters(part)
    bytes += Buffer.byteLength(part, 'utf8')
    from = semicolon + 1
  }
  return parts
}

/** As the server counts: a surrogate pair is one. */
function countCharacters(text: string): number {
  let pairs = 0
  for (let at = 0; at < text.length - 1; at++) {
    if ((text.charCodeAt(at) & 0xfc00) === 0xd800 && (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00) pairs++
  }
  return text.length - pairs
}
