// SASLprep (RFC 4013) of a password, as PostgreSQL applies it: what can't be prepared is used as it is, and checked
// is the text before its normalisation. Code points newer than Unicode 3.2 are not looked up: that makes a difference
// only to a password that holds such a one and also a character that the normalisation changes.

type Range = readonly [first: number, last: number]

/** RFC 3454 table C.1.2. */
const NON_ASCII_SPACE: readonly Range[] = [
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200b],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
]
/** RFC 3454 table B.1. */
const MAPPED_TO_NOTHING: readonly Range[] = [
  [0xad, 0xad],
  [0x34f, 0x34f],
  [0x1806, 0x1806],
  [0x180b, 0x180d],
  [0x200b, 0x200d],
  [0x2060, 0x2060],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
]
/** RFC 3454 tables C.1.2, C.2.1, C.2.2 and C.3 to C.9, but for noncharacters, which have a property of their own. */
const PROHIBITED: readonly Range[] = [
  ...NON_ASCII_SPACE,
  [0x0, 0x1f],
  [0x7f, 0x9f],
  [0x340, 0x341],
  [0x6dd, 0x6dd],
  [0x70f, 0x70f],
  [0x180e, 0x180e],
  [0x200c, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x2063],
  [0x206a, 0x206f],
  [0x2ff0, 0x2ffb],
  [0xd800, 0xf8ff],
  [0xfeff, 0xfeff],
  [0xfff9, 0xfffd],
  [0x1d173, 0x1d17a],
  [0xe0001, 0xe0001],
  [0xe0020, 0xe007f],
  [0xf0000, 0x10ffff],
]
const NONCHARACTER = /\p{Noncharacter_Code_Point}/u
const RIGHT_TO_LEFT = /\p{Script=Hebrew}|\p{Script=Arabic}|\p{Script=Syriac}|\p{Script=Thaana}/u
const LEFT_TO_RIGHT = /\p{Script=Latin}/u
const ASCII = /^[\x20-\x7e]*$/

export function saslPrepared(password: string): string {
  if (ASCII.test(password)) return password
  const mapped = Array.from(password, (character) =>
    isIn(NON_ASCII_SPACE, character) ? ' ' : isIn(MAPPED_TO_NOTHING, character) ? '' : character,
  ).join('')
  if (mapped === '' || holdsProhibited(mapped) || mixesDirections(mapped)) return password
  return mapped.normalize('NFKC')
}

function isIn(table: readonly Range[], character: string): boolean {
  const point = character.codePointAt(0) ?? 0
  return table.some(([first, last]) => point >= first && point <= last)
}

function holdsProhibited(text: string): boolean {
  return NONCHARACTER.test(text) || Array.from(text).some((character) => isIn(PROHIBITED, character))
}

/** RFC 3454 section 6: right-to-left text begins and ends with such characters and holds none of the other direction. */
function mixesDirections(text: string): boolean {
  if (!RIGHT_TO_LEFT.test(text)) return false
  const characters = Array.from(text)
  const ends = [characters[0] ?? '', characters.at(-1) ?? '']
  return LEFT_TO_RIGHT.test(text) || !ends.every((character) => RIGHT_TO_LEFT.test(character))
}
