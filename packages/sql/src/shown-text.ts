// What a person may be shown of a text that somebody else wrote: nothing invisible, nothing that moves what stands beside
// it, nothing that looks like something else by its width, and no value that could be sensitive.

/** Scripts from right to left reorder what stands around them, without any control character. */
const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u
const LETTER = /[\p{L}\p{Mc}]/u
const UNLIKE_A_LETTER = /[\p{Lm}\p{Default_Ignorable_Code_Point}]/u
const BEYOND_ASCII = /[^\x20-\x7e]/gu

const LONG_DIGITS = /\d{9,}/g
const DIGIT = /\d/g

const MAX_SHOWN_DIGITS = 8
const MAX_WORDS_LENGTH = 64
const MAX_WORDS_DIGITS = 4
/** Longer ones are rather keys and tokens than words. */
const MAX_WORD_LENGTH = 24

const WORDS = /^\p{L}[\p{L}\p{Mc}\d _.-]*$/u
const WORD_BREAK = /[ _.-]/
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

function isClear(character: string): boolean {
  return (
    LETTER.test(character) &&
    !UNLIKE_A_LETTER.test(character) &&
    !RIGHT_TO_LEFT.test(character) &&
    character.normalize('NFKC') === character
  )
}

/** Every character that is no clear letter, beyond ASCII, becomes `\u{…}`. */
export function shownCharacters(text: string): string {
  return text.replace(BEYOND_ASCII, (character) =>
    isClear(character) ? character : `\\u{${(character.codePointAt(0) as number).toString(16)}}`,
  )
}

/** The same, and long numbers in it are counted instead. */
export function shownIdentifier(text: string): string {
  return shownCharacters(text).replace(LONG_DIGITS, (digits) => `‹${digits.length} digits›`)
}

const countDigits = (text: string): number => text.match(DIGIT)?.length ?? 0

/** A number as it is written, where it is short. */
export function shownNumber(text: string): string {
  if (!NUMBER.test(text)) return `‹${text.length} characters›`
  const digits = countDigits(text)
  return digits <= MAX_SHOWN_DIGITS ? text : `‹${digits} digits›`
}

function arePlainWords(value: string): boolean {
  return (
    value === '' ||
    (value.length <= MAX_WORDS_LENGTH &&
      WORDS.test(value) &&
      countDigits(value) <= MAX_WORDS_DIGITS &&
      value.split(WORD_BREAK).every((word) => word.length <= MAX_WORD_LENGTH))
  )
}

/** A string in quotes, where it is short and looks like words or a small number; else how long it is. */
export function shownString(value: string): string {
  const isSmallNumber = countDigits(value) <= MAX_WORDS_DIGITS && NUMBER.test(value)
  return isSmallNumber || arePlainWords(value) ? `'${shownCharacters(value)}'` : masked(value.length)
}

export function masked(characters: number): string {
  return `'‹${characters} ${characters === 1 ? 'character' : 'characters'}›'`
}

/** Is a value written as a number? */
export function isNumber(text: string): boolean {
  return text.length <= 2 * MAX_SHOWN_DIGITS && NUMBER.test(text)
}
