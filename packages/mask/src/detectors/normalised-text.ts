// A text as its reader sees it: escapes decoded, digits and letters of other widths as ASCII, without what is invisible. What
// is found there is told by its place in the text as it was.

import type { TextSyntax } from './detection.ts'

export type Place = { readonly start: number; readonly end: number }

export type NormalisedText = {
  readonly text: string
  /** Where something stands in the text as it was. */
  readonly placeOf: (start: number, end: number) => Place
}

type Pass = {
  readonly needed: (text: string, syntax: TextSyntax) => boolean
  readonly pattern: RegExp
  /** At most one character. */
  readonly decoded: (match: RegExpExecArray) => string
}

const JSON_ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

/** Beyond the basic plane nothing is looked for but digits. */
const character = (code: number): string =>
  code <= 0xffff ? String.fromCharCode(code) : digitOf(String.fromCodePoint(Math.min(code, 0x10ffff)))

/** Formats, what is invisible or encloses a character, spaces, dashes, digits, and ASCII in full width. */
export const FORMATTING = /[[\p{Cf}\p{DI}\p{Me}\p{Zs}\p{Pd}\p{Nd}\u2212\uff01-\uff5e]--\p{ASCII}]/v
const FORMATTING_EACH = new RegExp(FORMATTING.source, 'gv')

/** Digits of every script stand in tens: `٣` is the fourth from its zero. */
const digitOf = (text: string): string => {
  if (!/^\p{Nd}$/u.test(text)) return ' '
  const code = text.codePointAt(0) as number
  let zero = code
  while (code - zero < 9 && /^\p{Nd}$/u.test(String.fromCodePoint(zero - 1))) zero--
  // Mathematical digits follow one another, five tens from U+1D7CE on.
  return String(code >= 0x1d7ce && code <= 0x1d7ff ? (code - 0x1d7ce) % 10 : code - zero)
}

const FULL_WIDTH_OFFSET = 0xfee0

/** There are some thousand of them. */
const PLAIN = new Map<string, string>()

const plainOf = (text: string): string => {
  const known = PLAIN.get(text)
  if (known !== undefined) return known
  const plain = findPlain(text)
  PLAIN.set(text, plain)
  return plain
}

const findPlain = (text: string): string => {
  const code = text.codePointAt(0) as number
  if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - FULL_WIDTH_OFFSET)
  if (/\p{Nd}/u.test(text)) return digitOf(text)
  if (/\p{Zs}/u.test(text)) return ' '
  return code === 0x2212 || /\p{Pd}/u.test(text) ? '-' : ''
}

/** In the order in which a reader would undo them; the second takes what the first leaves of JSON within JSON. */
const PASSES: readonly Pass[] = [
  {
    needed: (text, syntax) => syntax === 'json' && text.includes('\\'),
    pattern: /\\(?:u([0-9a-fA-F]{4})|(["\\/bfnrt]))/g,
    decoded: ([, hex, letter = '']) =>
      hex === undefined ? (JSON_ESCAPES[letter] ?? letter) : String.fromCharCode(Number.parseInt(hex, 16)),
  },
  {
    needed: (text) => text.includes('\\u'),
    pattern: /\\u([0-9a-fA-F]{4})/g,
    decoded: ([, hex = '']) => String.fromCharCode(Number.parseInt(hex, 16)),
  },
  {
    needed: (text, syntax) => text.includes('&#') || (syntax === 'xml' && text.includes('&')),
    pattern: /&(?:#[xX]([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));/g,
    decoded: ([, hex, decimal, name = '']) => {
      if (hex !== undefined) return character(Number.parseInt(hex, 16))
      return decimal === undefined ? (ENTITIES[name] ?? '') : character(Number(decimal))
    },
  },
  { needed: (text) => text.includes('%40'), pattern: /%40/g, decoded: () => '@' },
  {
    needed: (text) => FORMATTING.test(text),
    pattern: FORMATTING_EACH,
    decoded: ([match]) => plainOf(match),
  },
]

/** Changes of one pass, in order: by index in the new text, by index in the old, and how long each was in both. */
type Changes = { readonly at: number[]; readonly from: number[]; readonly length: number[]; readonly old: number[] }

const apply = ({ pattern, decoded }: Pass, text: string): { readonly text: string; readonly changes: Changes } => {
  const changes: Changes = { at: [], from: [], length: [], old: [] }
  let result = ''
  let copied = 0
  for (const match of text.matchAll(pattern)) {
    const now = decoded(match)
    result += text.slice(copied, match.index)
    changes.at.push(result.length)
    changes.from.push(match.index)
    changes.length.push(now.length)
    changes.old.push(match[0].length)
    result += now
    copied = match.index + match[0].length
  }
  return { text: result + text.slice(copied), changes }
}

/** The old place of the character at an index of the new text. */
const placeBefore = ({ at, from, length, old }: Changes, index: number): Place => {
  let [low, high] = [0, at.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((at[middle] as number) <= index) low = middle + 1
    else high = middle
  }
  const change = low - 1
  if (change < 0) return { start: index, end: index + 1 }
  const [newStart, oldStart] = [at[change] as number, from[change] as number]
  const [newLength, oldLength] = [length[change] as number, old[change] as number]
  if (index < newStart + newLength) return { start: oldStart, end: oldStart + oldLength }
  const start = oldStart + oldLength + index - newStart - newLength
  return { start, end: start + 1 }
}

/** The text itself where nothing in it has to be decoded. */
export function normalised(text: string, syntax: TextSyntax): NormalisedText | null {
  const applied: Changes[] = []
  let current = text
  for (const pass of PASSES) {
    if (!pass.needed(current, syntax)) continue
    const { text: next, changes } = apply(pass, current)
    current = next
    applied.unshift(changes)
  }
  if (applied.length === 0) return null
  const placeOf = (start: number, end: number): Place =>
    applied.reduce<Place>(
      (place, changes) => ({
        start: placeBefore(changes, place.start).start,
        end:
          place.end <= place.start ? placeBefore(changes, place.start).start : placeBefore(changes, place.end - 1).end,
      }),
      { start, end },
    )
  return { text: current, placeOf }
}
