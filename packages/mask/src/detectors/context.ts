// Words near a number that say what it is. A look goes some characters back, and ends at what was detected before.

import { isDigitCode } from './characters.ts'

export const CARD_NEAR = 1
export const SSN_NEAR = 2
export const PHONE_NEAR = 4

const WORDS: readonly (readonly [bit: number, words: RegExp])[] = [
  [CARD_NEAR, /card|visa|amex|credit|debit|master|(?<![A-Za-z])pan(?![a-z])|Pan(?![a-z])|kredit|kart/i],
  [
    SSN_NEAR,
    /(?<![A-Za-z])s\.?s\.?n(?![a-z])|social.{0,2}sec|soc\.?.{0,2}sec|(?<![A-Za-z])ss ?#|tax.{0,7}id|itin(?![a-z])/i,
  ],
  [
    PHONE_NEAR,
    /phone|mobile|whatsapp|(?<![A-Za-z])(?:tel|cell|call(?:ed|s)?|fax|sms|text(?:ed)?|dial|handy|reach(?:ed|able)?)(?![a-z])/i,
  ],
]
/** `customerSsn`; the `ssn` of `className` is no word. */
const CAMEL_SSN = /S[sS][nN](?![a-z])/

const TAGS: ReadonlyMap<string, number> = new Map([
  ['pci.pan', CARD_NEAR],
  ['pii.ssn', SSN_NEAR],
  ['pii.phone', PHONE_NEAR],
])

const BEFORE = 40
const AFTER = 20
/** The longest placeholder, with its brackets. */
const PLACEHOLDER = 66
const PLACEHOLDER_TAG = /^[a-z][a-z0-9.-]*$/

const wordsIn = (text: string): number => {
  let bits = 0
  for (const [bit, words] of WORDS) if (words.test(text)) bits |= bit
  return CAMEL_SSN.test(text) ? bits | SSN_NEAR : bits
}

/** What a column's name says about its values. */
export const contextOfName = wordsIn

/** What a value that was masked, here or in an earlier scan, says about the next. */
export const contextOfTag = (tag: string): number => TAGS.get(tag) ?? 0

/** `lastEnd`, `lastTag`: of what was detected before. */
export function contextBefore(text: string, start: number, lastEnd: number, lastTag: string): number {
  const from = start - BEFORE
  if (lastEnd > from && lastEnd > 0) return contextOfTag(lastTag) | contextWithin(text, lastEnd, start)
  return contextWithin(text, Math.max(0, from), start)
}

function contextWithin(text: string, from: number, start: number): number {
  const near = text.slice(from, start)
  const close = near.lastIndexOf(']')
  if (close < 0) return wordsIn(near)
  // A placeholder ends the look as the value did that it stands for.
  const until = from + close
  const wide = text.slice(Math.max(0, until - PLACEHOLDER), until)
  const tag = wide.slice(wide.lastIndexOf('[') + 1)
  if (!wide.includes('[') || !PLACEHOLDER_TAG.test(tag)) return wordsIn(near)
  return contextOfTag(tag) | wordsIn(near.slice(close + 1))
}

const STOPS = new Set('@[\n\r')

/** `123456789 is my SSN`: up to where something else could begin. */
export function contextAfter(text: string, end: number): number {
  const limit = Math.min(text.length, end + AFTER)
  let at = end
  while (at < limit && !isDigitCode(text.charCodeAt(at)) && !STOPS.has(text[at] as string)) at++
  return at - end < 3 ? 0 : wordsIn(text.slice(end, at))
}
