// What begins with a digit: card numbers, social security numbers, phone numbers, accounts.

import { cardNumber, issuerOf, LONGEST_CARD, SHORTEST_CARD } from './card-number.ts'
import { ALNUM, classAt, classOf, DIGIT, digitAt, endOfRun, LETTER, SEPARATOR } from './characters.ts'
import { CARD_NEAR, contextAfter, contextBefore, contextOfName, PHONE_NEAR, SSN_NEAR } from './context.ts'
import type { Detection } from './detection.ts'
import { endOfIban } from './iban.ts'

/** The scan so far, as far as numbers depend on it. */
export type Before = {
  readonly columnName: string
  /** What that says; null until a number asks. */
  named: number | null
  lastEnd: number
  lastTag: string
  /** Words that were looked for before: where, up to where only digits follow, and what they say. */
  context: { readonly floor: number; readonly at: number; readonly rowEnd: number; readonly bits: number }
}

export const NO_CONTEXT = { floor: -1, at: 0, rowEnd: 0, bits: 0 }

const MAX_GROUPS = LONGEST_CARD
const MAX_SEPARATORS = 3
/** In a number, in all: fewer are nothing that is looked for. */
export const FEWEST_DIGITS = 7

/** One candidate at a time: its groups of digits, as they stand in the text, and what lies between them. */
const starts = new Int32Array(MAX_GROUPS)
const ends = new Int32Array(MAX_GROUPS)
/** Digits up to the end of each group. */
const totals = new Int32Array(MAX_GROUPS)
const digits = new Uint8Array(LONGEST_CARD)
/** Where the last detection ends: what it took is no neighbour, as it will not be when it is masked. */
let floor = 0

const classBefore = (text: string, at: number): number => (at < floor ? 0 : classAt(text, at))
const charBefore = (text: string, at: number): string => (at < floor ? '' : (text[at] ?? ''))

/** Reads groups from `at` on; returns how many. The last may be longer than any number: then it is not counted. */
const readGroups = (text: string, at: number): number => {
  let count = 0
  let total = 0
  let start = at
  while (count < MAX_GROUPS) {
    let end = start
    while (end < text.length && (classAt(text, end) & DIGIT) !== 0 && end - start <= LONGEST_CARD) {
      if (total < LONGEST_CARD) digits[total] = digitAt(text, end)
      total++
      end++
    }
    if (total > LONGEST_CARD) return count
    starts[count] = start
    ends[count] = end
    totals[count] = total
    count++
    start = end
    while (start < text.length && start - end < MAX_SEPARATORS && isSeparator(text, start)) start++
    if (start === end || start >= text.length || (classAt(text, start) & DIGIT) === 0) return count
  }
  return count
}

const isSeparator = (text: string, at: number): boolean => (classOf(text.charCodeAt(at)) & SEPARATOR) !== 0

const lengthOf = (group: number): number => (ends[group] as number) - (starts[group] as number)

/** Line breaks and tabs count as spaces: text is wrapped anywhere. */
const separatorAfter = (text: string, group: number): string =>
  text.slice(ends[group], starts[group + 1]).replace(/[\t\r\n]/g, ' ')

/** Groups up to `last` are separated by one and the same, by nothing that dates and amounts have. */
const evenlySeparated = (text: string, last: number): boolean => {
  if (last === 0) return true
  const separator = separatorAfter(text, 0)
  if (/[/()]/.test(separator)) return false
  for (let group = 1; group < last; group++) if (separatorAfter(text, group) !== separator) return false
  return true
}

/** As printed on cards: in one, in groups of one length with a shorter one at the end, or as 4-6-5 and 4-6-4. */
const groupedAsCard = (text: string, last: number): boolean => {
  if (!evenlySeparated(text, last)) return false
  const first = lengthOf(0)
  if (last === 2 && first === 4 && lengthOf(1) === 6) return true
  for (let group = 1; group < last; group++) if (lengthOf(group) !== first) return false
  return last === 0 || lengthOf(last) <= first
}

/** `3.4111111111111111` is a fraction. */
const isFraction = (text: string, start: number): boolean =>
  charBefore(text, start - 1) === '.' && (classBefore(text, start - 2) & DIGIT) !== 0

const HEX_LETTER = /[a-f]/i

/** Digits between letters that hexadecimal numbers have on both sides are a part of one. */
const withinHex = (text: string, start: number, end: number): boolean =>
  HEX_LETTER.test(charBefore(text, start - 1)) && HEX_LETTER.test(text[end] ?? '')

type Near = () => number

const found = (start: number, end: number, tag: string, confidence: number, detector: string): Detection => ({
  start,
  end,
  tag,
  confidence,
  detector,
})

const findCard = (text: string, groups: number, near: Near): Detection | null => {
  if ((totals[groups - 1] as number) < SHORTEST_CARD) return null
  const issuer = issuerOf(digits)
  if (issuer === undefined) return null
  const start = starts[0] as number
  for (let last = groups - 1; last >= 0 && (totals[last] as number) >= SHORTEST_CARD; last--) {
    const length = totals[last] as number
    const end = ends[last] as number
    const kind = cardNumber(issuer, digits, length)
    if (kind === null || (last === 0 && (isFraction(text, start) || withinHex(text, start, end)))) continue
    const isUsual = kind === 'certain' && groupedAsCard(text, last)
    const isNear = (near() & CARD_NEAR) !== 0
    if (isUsual || isNear) return found(start, end, 'pci.pan', isNear ? 0.99 : 0.95, 'pan')
  }
  return null
}

/** A number that goes on before or after with a dash is another number. */
const standsAlone = (text: string, start: number, end: number): boolean => {
  if ((classAt(text, end) & DIGIT) !== 0 || (classBefore(text, start - 1) & DIGIT) !== 0) return false
  const goesOn = (text[end] === '-' || text[end] === '.') && (classAt(text, end + 1) & DIGIT) !== 0
  const opening = charBefore(text, start - 1)
  const began = (opening === '-' || opening === '.') && (classBefore(text, start - 2) & DIGIT) !== 0
  return !goesOn && !began
}

/** Area, group and serial are never all zeros, and no area is 666; from 900 on they are taxpayer numbers. */
const ssnRange = (): 'issued' | 'other' | null => {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 0] = digits
  const area = a * 100 + b * 10 + c
  if (area === 0 || area === 666 || d + e === 0 || f + g + h + i === 0) return null
  return area < 900 ? 'issued' : 'other'
}

const findSsn = (text: string, groups: number, near: Near): Detection | null => {
  const start = starts[0] as number
  const isBare = lengthOf(0) === 9
  const isGrouped = groups >= 3 && lengthOf(0) === 3 && lengthOf(1) === 2 && lengthOf(2) === 4
  if (!isBare && !isGrouped) return null
  const end = ends[isBare ? 0 : 2] as number
  if (!standsAlone(text, start, end) || (!isBare && !evenlySeparated(text, 2))) return null
  const range = ssnRange()
  if (range === null) return null
  const isDashed = isGrouped && separatorAfter(text, 0) === '-'
  if (isBare && ((classAt(text, end) | classBefore(text, start - 1)) & LETTER) !== 0) return null
  if (((near() | contextAfter(text, end)) & SSN_NEAR) !== 0) {
    return found(start, end, 'pii.ssn', isBare ? 0.9 : 0.97, 'ssn')
  }
  return isDashed && range === 'issued' ? found(start, end, 'pii.ssn', 0.75, 'ssn') : null
}

const FEWEST_PHONE_DIGITS = 7
const FEWEST_E164_DIGITS = 8
const MOST_PHONE_DIGITS = 15

/** `2024-05-12`, `12.05.2024`, `10/12/24 …`. */
const isDate = (groups: number): boolean => {
  if (groups < 3) return false
  const [first, second, third] = [lengthOf(0), lengthOf(1), lengthOf(2)]
  const isYear = (at: number): boolean =>
    (digits[at] === 1 && digits[at + 1] === 9) || (digits[at] === 2 && digits[at + 1] === 0)
  if (first === 4 && second <= 2 && third <= 2) return isYear(0)
  return first <= 2 && second <= 2 && third === 4 && isYear(first + second)
}

const lastGroupWithin = (groups: number, most: number): number => {
  let last = groups - 1
  while (last > 0 && (totals[last] as number) > most) last--
  return last
}

const findPhone = (text: string, groups: number, near: Near): Detection | null => {
  const first = starts[0] as number
  const last = lastGroupWithin(groups, MOST_PHONE_DIGITS)
  const total = totals[last] as number
  const end = ends[last] as number
  if (total > MOST_PHONE_DIGITS) return null
  const isOpened = charBefore(text, first - 1) === '('
  const before = isOpened ? first - 2 : first - 1
  if (charBefore(text, before) === '+' && digits[0] !== 0 && (classBefore(text, before - 1) & ALNUM) === 0) {
    return total < FEWEST_E164_DIGITS ? null : found(before, end, 'pii.phone', 0.9, 'phone')
  }
  // Single digits with something between them are a list.
  if (
    total < FEWEST_PHONE_DIGITS ||
    total < 2 * (last + 1) ||
    isDate(groups) ||
    (classBefore(text, first - 1) & LETTER) !== 0
  )
    return null
  const start = isOpened ? first - 1 : first
  const isArea = isOpened && lengthOf(0) >= 2 && lengthOf(0) <= 5 && text[ends[0] as number] === ')' && total >= 9
  if (isArea) return found(start, end, 'pii.phone', 0.8, 'phone')
  const isNear = (near() & PHONE_NEAR) !== 0
  return isNear && !isFraction(text, first) ? found(start, end, 'pii.phone', 0.8, 'phone') : null
}

const namedOf = (before: Before): number => {
  before.named ??= contextOfName(before.columnName)
  return before.named
}

/** Numbers of one row have the words before the first of them near, as far as those are near. */
const contextOf = (text: string, at: number, rowEnd: number, before: Before): number => {
  const { context, lastEnd } = before
  if (context.floor === lastEnd && at >= context.at && at <= context.rowEnd && at - context.at < SAME_CONTEXT) {
    return context.bits
  }
  const bits = contextBefore(text, at, lastEnd, before.lastTag)
  before.context = { floor: lastEnd, at, rowEnd, bits }
  return bits
}

/** Characters. */
const SAME_CONTEXT = 40

/**
 * At the first digit of a run. What was found; otherwise the index from which the scan goes on. Every run is looked at with
 * at most 19 digits behind it, each with three separators at most.
 */
export function scanNumber(text: string, at: number, before: Before): Detection | number {
  floor = before.lastEnd
  const accountEnd = endOfIban(text, at, floor)
  if (accountEnd >= 0) return found(at - 2, accountEnd, 'pii.iban', 0.99, 'iban')
  const groups = readGroups(text, at)
  if (groups === 0) return endOfRun(text, at, DIGIT)
  if ((totals[groups - 1] as number) < FEWEST_DIGITS) return ends[groups - 1] as number
  const near: Near = () => namedOf(before) | contextOf(text, at, ends[groups - 1] as number, before)
  return (
    findCard(text, groups, near) ??
    findSsn(text, groups, near) ??
    findPhone(text, groups, near) ??
    endOfRun(text, ends[0] as number, DIGIT)
  )
}
