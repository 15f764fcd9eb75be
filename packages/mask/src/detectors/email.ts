// E-mail addresses, from their `@`: back over the local part, forth over the domain, no further than either may be long.

import { ALNUM, classAt, endOfRun, LETTER, LOCAL } from './characters.ts'
import type { Detection } from './detection.ts'

const MAX_LOCAL = 64
const MAX_DOMAIN = 253
const MAX_LABEL = 63
const DASH = 0x2d
const DOT = 0x2e

/** Backwards from before the `@`; never over what was detected before. */
const startOfLocal = (text: string, at: number, lastEnd: number): number => {
  const limit = Math.max(lastEnd, at - MAX_LOCAL)
  let start = at
  while (start > limit && (classAt(text, start - 1) & (ALNUM | LOCAL)) !== 0) start--
  // Quotes and dashes around an address are no part of it.
  while (start < at && (classAt(text, start) & ALNUM) === 0 && text[start] !== '_') start++
  return start
}

/** `"john doe"@`. */
const startOfQuoted = (text: string, at: number, lastEnd: number): number => {
  const limit = Math.max(lastEnd, at - MAX_LOCAL)
  let start = at - 2
  while (start >= limit && text[start] !== '"' && text[start] !== '\n') start--
  return start >= limit && text[start] === '"' ? start : at
}

/** The end of the longest domain that begins here: two labels at least, the last of letters. -1 where there is none. */
const endOfDomain = (text: string, from: number): number => {
  const limit = Math.min(text.length, from + MAX_DOMAIN)
  let domain = -1
  let label = from
  for (let labels = 0; label < limit; labels++) {
    let end = label
    while (end < limit && ((classAt(text, end) & ALNUM) !== 0 || text.charCodeAt(end) === DASH)) end++
    if (end === label) break
    // Too long for a label, but what stands against an address must not hide it.
    if (labels > 0) domain = endOfTopLevel(text, label, end) ?? domain
    if (end - label > MAX_LABEL || text.charCodeAt(end) !== DOT) break
    label = end + 1
  }
  return domain
}

/** Where a label ends as a top-level domain: letters first, or Punycode; what follows a dash is no part of one. */
const endOfTopLevel = (text: string, label: number, end: number): number | null => {
  if (text.startsWith('xn--', label)) return end - label > 4 ? end : null
  return endOfRun(text, label, LETTER, end) - label < 2 ? null : endOfRun(text, label, ALNUM, end)
}

/** `icon@2x.png` is a picture for fine screens. */
const isScale = (text: string, at: number): boolean => /^@[1-9]x\./.test(text.slice(at, at + 4))
/** `git@github.com:owner/name` is where code lies. */
const isRemote = (text: string, start: number, at: number, end: number): boolean =>
  at - start === 3 && text.startsWith('git', start) && (text[end] === ':' || text[end] === '/')

/** At an `@`. */
export function scanEmail(text: string, at: number, lastEnd: number): Detection | null {
  const end = endOfDomain(text, at + 1)
  if (end < 0) return null
  const start = text[at - 1] === '"' ? startOfQuoted(text, at, lastEnd) : startOfLocal(text, at, lastEnd)
  if (start >= at || isScale(text, at) || isRemote(text, start, at, end)) return null
  return { start, end, tag: 'pii.email', confidence: 0.97, detector: 'email' }
}
