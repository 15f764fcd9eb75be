// The character classes of PostgreSQL's scanner (src/backend/parser/scan.l), as one table for ASCII.
// Every character beyond ASCII is part of an identifier there, white space of other scripts too.

export const SPACE = 1
export const NEWLINE = 2
export const DIGIT = 4
export const IDENT_START = 8
export const OPERATOR = 16
export const SELF = 32
/** With one of these in it, an operator may end in + or -. */
export const FREE_ENDING = 64

const CLASSES: readonly (readonly [string, number])[] = [
  [' \t\f\v', SPACE],
  ['\n\r', SPACE | NEWLINE],
  ['0123456789', DIGIT],
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_', IDENT_START],
  ['~!@#^&|`?+-*/%<>=', OPERATOR],
  ['~!@#^&|`?%', FREE_ENDING],
  [',()[].;:', SELF],
]

const TABLE = (() => {
  const table = new Uint8Array(128)
  for (const [characters, bits] of CLASSES) {
    for (const character of characters) {
      const code = character.charCodeAt(0)
      table[code] = (table[code] ?? 0) | bits
    }
  }
  return table
})()

/** The class bits of a UTF-16 code unit; 0 at the end of the text (NaN). */
export function classOf(code: number): number {
  return code < 128 ? (TABLE[code] as number) : code >= 128 ? IDENT_START : 0
}
