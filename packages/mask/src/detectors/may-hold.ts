// Whether bytes could hold anything that a scan would find, without making a string of them. Most values of most tables hold
// nothing, and cost one look at each byte.

import { SEPARATORS } from './characters.ts'
import { formatsAt, KEY_TRIGGERS, PEM_BEGIN } from './key-formats.ts'
import { kindOfName } from './named-secrets.ts'
import { FEWEST_DIGITS } from './numbers.ts'

const NONE = 0
const DIGIT = 1
const AT = 2
const KEY = 3
const NAME = 4
const JWT = 5
/** Something that is decoded first, or invisible. */
const DECODED = 6
const PASSWORD = 7

const CLASSES = new Uint8Array(256)

const mark = (table: Uint8Array, characters: string, value: number): void => {
  for (const code of Buffer.from(characters, 'latin1')) table[code] = value
}

for (const code of KEY_TRIGGERS) CLASSES[code] = KEY
mark(CLASSES, '0123456789', DIGIT)
mark(CLASSES, '@', AT)
mark(CLASSES, ':=', NAME)
mark(CLASSES, 'J', JWT)
mark(CLASSES, 'wW', PASSWORD)
mark(CLASSES, '\\&%', DECODED)
/** Of characters that are decoded as others, or dropped: digits of other scripts, full width, spaces, formats. */
for (const lead of [0xc2, 0xcd, 0xd2, 0xd6, 0xd8, 0xd9, 0xdb, 0xdc, 0xdf, 0xe0, 0xe1, 0xe2, 0xe3, 0xea, 0xef]) {
  CLASSES[lead] = DECODED
}
for (const lead of [0xf0, 0xf3]) CLASSES[lead] = DECODED

/** What a number goes on with; 2 for digits. Of characters beyond ASCII some are digits or dashes. */
const WITHIN_NUMBER = new Uint8Array(256).fill(1, 0x80)
mark(WITHIN_NUMBER, `${SEPARATORS}\\`, 1)
mark(WITHIN_NUMBER, '0123456789', 2)

const DASH = 0x2d
const COLON = 0x3a
const SLASH = 0x2f
const BACKSLASH = 0x5c

const startsWith = (bytes: Buffer, at: number, end: number, prefix: Uint8Array): boolean => {
  if (at + prefix.length > end) return false
  for (let index = 0; index < prefix.length; index++) if (bytes[at + index] !== prefix[index]) return false
  return true
}

const PREFIXES: readonly (readonly { readonly trigger: number; readonly prefix: Uint8Array }[])[] = Array.from(
  { length: 128 },
  (_, code) => formatsAt(code).map(({ trigger, prefix }) => ({ trigger, prefix: Buffer.from(prefix) })),
)
const PEM = Buffer.from(PEM_BEGIN)

const isKey = (bytes: Buffer, at: number, start: number, end: number): boolean => {
  const code = bytes[at] as number
  if (code === DASH && startsWith(bytes, at, end, PEM)) return true
  for (const { trigger, prefix } of PREFIXES[code] as (typeof PREFIXES)[number]) {
    if (at - trigger >= start && startsWith(bytes, at - trigger, end, prefix)) return true
  }
  return false
}

const isWordByte = (byte: number): boolean =>
  byte >= 0x80 || (byte >= 0x30 && byte <= 0x39) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a)

/** The last letters of the names that tell; all else needs no string. */
const LAST_LETTERS = new Set(Buffer.from('detnysl'))
const NAME_BYTES = 40
const MAX_SKIPPED = 6

const isNamed = (bytes: Buffer, at: number, start: number, end: number): boolean => {
  if (bytes[at] === COLON && (bytes[at + 1] === SLASH || bytes[at + 1] === BACKSLASH) && at + 1 < end) return true
  const name = bytes[at] !== COLON && bytes[at - 1] === COLON && at > start ? at - 1 : at
  let last = name
  while (last > start && name - last < MAX_SKIPPED && !isWordByte(bytes[last - 1] as number)) last--
  if (last === start || !LAST_LETTERS.has((bytes[last - 1] as number) | 0x20)) return false
  const from = Math.max(start, last - NAME_BYTES)
  return kindOfName(bytes.toString('latin1', from, name), name - from) !== null
}

/** Whether a byte that could be part of an escape, or of a character that is decoded, is. */
const isDecoded = (bytes: Buffer, at: number, end: number): boolean => {
  const [byte, next, third] = [
    bytes[at] as number,
    at + 1 < end ? (bytes[at + 1] as number) : 0,
    at + 2 < end ? (bytes[at + 2] as number) : 0,
  ]
  switch (byte) {
    case BACKSLASH:
      return next === 0x75
    case 0x26: // &#
      return next === 0x23
    case 0x25: // %40
      return next === 0x34 && third === 0x30
    case 0xc2: // no-break space, soft hyphen
      return next === 0xa0 || next === 0xad
    case 0xcd: // combining grapheme joiner
      return next === 0x8f
    case 0xd2: // enclosing signs among Cyrillic letters
      return next === 0x88 || next === 0x89
    case 0xd6: // hyphens among Armenian and Hebrew letters
      return next === 0x8a || next === 0xbe
    case 0xe2: {
      // General punctuation but quotes, bullets and ellipses; enclosing signs; the minus sign; long dashes.
      if (next === 0x80) return third <= 0x95 || (third >= 0xa8 && third <= 0xaf)
      if (next === 0x83 || next === 0xb8 || next === 0xb9) return true
      return (next === 0x81 && third >= 0x9f) || (next === 0x88 && third === 0x92)
    }
    case 0xe3: // space, dashes and a filler among East Asian characters
      if (next === 0x80) return third === 0x80 || third === 0x9c || third === 0xb0
      return (next === 0x82 && third === 0xa0) || (next === 0x85 && third === 0xa4)
    case 0xf0: // other than emoji and ideographs
      return next < 0x9f || (next === 0x9f && third === 0xaf)
    default:
      return true
  }
}

/** What is found at a byte that is no digit; digits are counted over more than one. */
const isFound = (bytes: Buffer, at: number, start: number, end: number): boolean => {
  switch (CLASSES[bytes[at] as number]) {
    case AT:
      return at + 1 < end && isWordByte(bytes[at + 1] as number)
    case KEY:
      return isKey(bytes, at, start, end)
    case NAME:
      return isNamed(bytes, at, start, end)
    case JWT:
      return at - 2 >= start && bytes[at - 1] === 0x79 && bytes[at - 2] === 0x65
    case PASSWORD:
      return (
        at - 2 >= start && ((bytes[at - 1] as number) | 0x20) === 0x73 && ((bytes[at - 2] as number) | 0x20) === 0x73
      )
    case DECODED:
      return isDecoded(bytes, at, end)
    default:
      return false
  }
}

export function mayHold(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at++) {
    let kind = CLASSES[bytes[at] as number] as number
    if (kind === NONE) continue
    if (kind !== DIGIT) {
      if (isFound(bytes, at, start, end)) return true
      continue
    }
    let digits = 1
    for (at++; at < end; at++) {
      const byte = bytes[at] as number
      const within = WITHIN_NUMBER[byte] as number
      if (within === 2) {
        if (++digits === FEWEST_DIGITS) return true
        continue
      }
      kind = CLASSES[byte] as number
      if (kind !== NONE && isFound(bytes, at, start, end)) return true
      if (within === 0) break
      // An escaped line break or slash is between digits, too.
      if (byte === BACKSLASH && bytes[at + 1] !== BACKSLASH) at++
    }
  }
  return false
}
