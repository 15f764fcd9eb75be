// Classes of characters that the scanners ask for: one table, one look each. What is beyond ASCII has few of them.

export const DIGIT = 1
export const LOWER = 2
export const UPPER = 4
/** base64url without letters and digits. */
export const URL_SAFE = 8
/** base64 without letters and digits. */
export const BASE64 = 16
/** One of `SEPARATORS`. */
export const SEPARATOR = 32
/** In an e-mail's local part, beside letters and digits. */
export const LOCAL = 64
export const SPACE = 128

export const LETTER = LOWER | UPPER
export const ALNUM = LETTER | DIGIT

/** What people write between the digits of a number. */
export const SEPARATORS = ' -_./()\t\n\r'

const CLASSES = new Uint8Array(128)

const mark = (characters: string, bits: number): void => {
  for (const character of characters) {
    const code = character.charCodeAt(0)
    CLASSES[code] = (CLASSES[code] as number) | bits
  }
}

mark('0123456789', DIGIT)
mark('abcdefghijklmnopqrstuvwxyz', LOWER)
mark('ABCDEFGHIJKLMNOPQRSTUVWXYZ', UPPER)
mark('-_', URL_SAFE)
mark('+/=', BASE64)
mark(SEPARATORS, SEPARATOR)
mark("._%+-'!#$^~", LOCAL)
mark(' \t\n\r\f\v', SPACE)

/** Letters of Latin, Greek and Cyrillic script beyond ASCII, as in names. */
const isForeignLetter = (code: number): boolean => code >= 0xc0 && code <= 0x52f

export const classOf = (code: number): number =>
  code < 128 ? (CLASSES[code] as number) : isForeignLetter(code) ? LOWER : 0

/** The class of the character at an index, 0 outside of the text. */
export const classAt = (text: string, at: number): number =>
  at < 0 || at >= text.length ? 0 : classOf(text.charCodeAt(at))

export const isDigitCode = (code: number): boolean => code >= 0x30 && code <= 0x39

/** Where a run of characters of some classes ends, from `at` on. */
export const endOfRun = (text: string, at: number, bits: number, limit: number = text.length): number => {
  let end = at
  while (end < limit && (classOf(text.charCodeAt(end)) & bits) !== 0) end++
  return end
}

/** The number of digits that are known to be there. */
export const digitAt = (text: string, at: number): number => text.charCodeAt(at) - 0x30
