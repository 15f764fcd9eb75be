// A statement as a reviewer sees it: in one line, without comments, without what could deceive the eye, and with values
// masked that could be sensitive. It is for reading: what runs is bound by its digest.

import { analyzeStatement, MAX_INLINE_CHARACTERS } from './analyze.ts'
import { type Effect, NEWEST_SERVER_MAJOR, type StatementFacts } from './facts.ts'
import { Scanner } from './lexer.ts'
import { literalValue } from './literal-value.ts'
import { tableName } from './names.ts'
import { isNumber, masked, shownCharacters, shownIdentifier, shownNumber, shownString } from './shown-text.ts'

export type Review =
  | {
      readonly text: string
      /** Verb and targets: `UPDATE orders`. */
      readonly summary: string
      readonly commentsRemoved: number
    }
  | { readonly tooLong: true }

const TOO_LONG: Review = { tooLong: true }
const MAX_SUMMARY_CHARACTERS = 200

/** `text` is any text without NUL. `maxBytes` bounds the UTF-8 bytes of what is shown. The parser has been loaded. */
export function reviewText(text: string, { maxBytes }: { readonly maxBytes: number }): Review {
  const scanner = new Scanner(text)
  const shown: string[] = []
  const bare: string[] = []
  let bytes = 0
  let bareCharacters = 0
  let commentsRemoved = 0
  let behind = 0
  while (scanner.next()) {
    const { kind, start, end } = scanner
    if (kind === 'line-comment' || kind === 'block-comment') {
      commentsRemoved++
      continue
    }
    const gap = shown.length > 0 && start > behind ? ' ' : ''
    behind = end
    const token = showToken(scanner, text, maxBytes)
    if (token === null) return TOO_LONG
    commentsRemoved += token.comments
    bytes += gap.length + Buffer.byteLength(token.shown)
    if (bytes > maxBytes) return TOO_LONG
    shown.push(gap + token.shown)
    bareCharacters += gap.length + end - start
    if (bareCharacters <= MAX_INLINE_CHARACTERS) bare.push(gap + text.slice(start, end))
  }
  const summary = bareCharacters <= MAX_INLINE_CHARACTERS ? summarise(bare.join('')) : null
  const line = shown.join('')
  return { text: line, summary: summary ?? firstWord(line), commentsRemoved }
}

type ShownToken = { readonly shown: string; readonly comments: number }

/** Null where it alone is too long to be shown. */
function showToken({ kind, start, end }: Scanner, text: string, maxBytes: number): ShownToken | null {
  switch (kind) {
    case 'string':
    case 'escape-string':
    case 'unicode-string':
    case 'dollar-string':
    case 'bit-string': {
      const { value, comments, escaped } = literalValue(kind, text.slice(start, end))
      const hidden = escaped || kind === 'bit-string'
      return { shown: hidden ? masked(value.length) : shownString(value), comments }
    }
    case 'unterminated':
      return { shown: masked(end - start), comments: 0 }
    case 'number':
      return { shown: shownNumber(text.slice(start, end)), comments: 0 }
    case 'identifier':
    case 'quoted-identifier':
    case 'parameter':
      return end - start > maxBytes ? null : { shown: shownIdentifier(text.slice(start, end)), comments: 0 }
    case 'operator':
    case 'punctuation':
    case 'other':
      return end - start > maxBytes ? null : { shown: shownCharacters(text.slice(start, end)), comments: 0 }
    // The caller has counted them, and does not show them.
    case 'line-comment':
    case 'block-comment':
      return { shown: '', comments: 0 }
    default:
      return kind satisfies never
  }
}

const EFFECTS: readonly Effect[] = ['admin', 'ddl', 'write', 'read']

function summarise(text: string): string | null {
  const analysis = analyzeStatement(text, { serverMajor: NEWEST_SERVER_MAJOR })
  if (analysis.kind !== 'parsed') return null
  const summary = analysis.statements.map(summaryOf).join('; ')
  if (summary.length <= MAX_SUMMARY_CHARACTERS) return summary
  return `${summary.slice(0, MAX_SUMMARY_CHARACTERS).toWellFormed().replace('\ufffd', '')}…`
}

function summaryOf(facts: StatementFacts): string {
  if (facts.kind === 'empty') return 'nothing'
  if (facts.kind !== 'command') return facts.verb
  const worst = EFFECTS.find((effect) => facts.uses.some((use) => use.effect === effect))
  const names = facts.uses.flatMap(({ effect, table }) =>
    effect === worst && table !== null ? shownIdentifier(tableName(table)) : [],
  )
  return [facts.verbs.join(', '), names.join(', ')].filter((part) => part !== '').join(' ')
}

function firstWord(line: string): string {
  return /^[A-Za-z]{1,32}/.exec(line)?.[0].toUpperCase() ?? 'A statement'
}

const BOOL = 16
const TEXTS: ReadonlySet<number> = new Set([18, 19, 25, 1042, 1043])
/** By type; each has so many bytes. */
const INTEGERS: ReadonlyMap<number, { readonly length: number; readonly read: (bytes: Buffer) => string }> = new Map([
  [20, { length: 8, read: (bytes) => bytes.readBigInt64BE().toString() }],
  [21, { length: 2, read: (bytes) => bytes.readInt16BE().toString() }],
  [23, { length: 4, read: (bytes) => bytes.readInt32BE().toString() }],
])

/** A parameter by the same rules. `typeOid` is 0 where it is not known. */
export function reviewParameter(bytes: Buffer, binary: boolean, typeOid: number): string {
  if (binary && typeOid === BOOL && bytes.length === 1) return bytes[0] === 0 ? 'false' : 'true'
  const integer = INTEGERS.get(typeOid)
  if (binary && bytes.length === integer?.length) return shownNumber(integer.read(bytes))
  if (binary && !TEXTS.has(typeOid)) return `‹${bytes.length} ${bytes.length === 1 ? 'byte' : 'bytes'}›`
  const text = bytes.toString('utf8')
  return isNumber(text) ? shownNumber(text) : shownString(text)
}
