// International bank account numbers (ISO 13616): each country's length, and the remainder of 97.

import { ALNUM, classAt, DIGIT, LETTER } from './characters.ts'

const LENGTHS: ReadonlyMap<string, number> = new Map(
  Object.entries({
    15: 'NO',
    16: 'BE',
    18: 'DK FK FI FO GL NL SD',
    19: 'MK SI',
    20: 'AT BA EE KZ LT LU MN XK',
    21: 'CH HR LI LV',
    22: 'BG BH CR DE GB GE IE ME RS VA',
    23: 'AE GI IL IQ OM SO TL',
    24: 'AD CZ ES MD PK RO SA SE SK TN VG',
    25: 'LY PT ST',
    26: 'IS TR',
    27: 'BI DJ FR GR IT MC MR SM',
    28: 'AL AZ BY CY DO GT HN HU LB NI PL SV',
    29: 'BR EG PS QA UA',
    30: 'JO KW MU YE',
    31: 'MT SC',
    32: 'LC',
    33: 'RU',
  }).flatMap(([length, countries]) => countries.split(' ').map((country) => [country, Number(length)] as const)),
)

/** 0 to 9, then the letters from 10 on, whichever case. */
const digitValue = (code: number): number => (code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57)

const append = (remainder: number, code: number): number => {
  const value = digitValue(code)
  return (remainder * (value > 9 ? 100 : 10) + value) % 97
}

/** `at`: of the first check digit. The end of the number that begins two letters before, or -1. `floor`: nothing before counts. */
export function endOfIban(text: string, at: number, floor: number): number {
  const start = at - 2
  if (start < floor || (classAt(text, at - 1) & LETTER) === 0 || (classAt(text, start) & LETTER) === 0) return -1
  if ((start > floor && (classAt(text, start - 1) & ALNUM) !== 0) || (classAt(text, at + 1) & DIGIT) === 0) return -1
  // Check digits are 98 less a remainder.
  const check = Number(text.slice(at, at + 2))
  if (check < 2 || check > 98) return -1
  const length = LENGTHS.get(text.slice(start, at).toUpperCase())
  if (length === undefined) return -1
  let remainder = 0
  let end = at + 2
  for (let read = 4; read < length; read++) {
    if (text[end] === ' ' || text[end] === '-') end++
    const code = text.charCodeAt(end)
    if (end >= text.length || code > 127 || (classAt(text, end) & ALNUM) === 0) return -1
    remainder = append(remainder, code)
    end++
  }
  if ((classAt(text, end) & ALNUM) !== 0) return -1
  // The country and the check digits count as the last.
  for (let index = start; index < at + 2; index++) remainder = append(remainder, text.charCodeAt(index))
  return remainder === 1 ? end : -1
}
