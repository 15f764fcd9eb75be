// What of a statement's text may be shown before columns have tags. The text comes without its literals and comments:
// a NUL stands where each was. What is left is keywords, names and operators; a name that may hold a value is replaced,
// and a text with anything else in it was not cut as it should have been and is not shown at all.

import { isShowableName, WITHHELD } from '@sluice/events'

const TOKENS =
  /([A-Za-z_\u{80}-\u{10ffff}][A-Za-z0-9_$\u{80}-\u{10ffff}]*)|("(?:[^"\0]|"")*")|(\$\d{1,5})(?![\w$])|([\s()[\]{},;:.+*/<>=~!@#%^&|`?-]|\0)|([\s\S])/gu
/** `$12345` may be a postcode as well as a parameter: names with as many digits in a row aren't shown either. */
const MAX_PARAMETER_CHARACTERS = 5
/** Openers of comments and of dollar quotes: the lexer would have cut them out. */
const UNCUT = /--|\/\*/

/** Around the @ of somebody's address, which to the server is an operator between names when it is not quoted. */
const BEFORE_AT = /[\w$"\0\u{80}-\u{10ffff}]/u
const AFTER_AT = /[\w$\u{80}-\u{10ffff}]/u
const OF_ADDRESS = /[\w$.+\u{80}-\u{10ffff}-]/u
/** Where one of these stands between two numbers, they are two. */
const WORD = /[A-Za-z_"\u{80}-\u{10ffff}]/u

export const HOLE = '\0'

export type StatementText =
  | { readonly kind: 'shown' }
  | { readonly kind: 'altered'; readonly text: string }
  | { readonly kind: 'unreadable' }

/** Judges the text of a statement whose holes are NULs. */
export function judgeStatementText(text: string): StatementText {
  if (UNCUT.test(text)) return { kind: 'unreadable' }
  const withoutAddresses = withholdAddresses(text)
  let altered = withoutAddresses !== text
  let unreadable = false
  const showable = withoutAddresses.replace(
    TOKENS,
    (token: string, name?: string, quoted?: string, parameter?: string, _mark?: string, other?: string) => {
      if (other !== undefined) unreadable = true
      if (parameter !== undefined && parameter.length > MAX_PARAMETER_CHARACTERS) {
        altered = true
        return WITHHELD
      }
      const inner = name ?? (quoted === undefined ? undefined : quoted.slice(1, -1))
      if (inner === undefined || isShowableName(inner)) return token
      altered = true
      return quoted === undefined ? WITHHELD : `"${WITHHELD}"`
    },
  )
  if (unreadable) return { kind: 'unreadable' }
  return altered ? { kind: 'altered', text: showable } : { kind: 'shown' }
}

/** Linear: no character is looked at by two addresses. */
function withholdAddresses(text: string): string {
  let result = ''
  let copied = 0
  for (let at = text.indexOf('@'); at >= 0; at = text.indexOf('@', Math.max(at + 1, copied))) {
    if (!BEFORE_AT.test(text.charAt(at - 1)) || !AFTER_AT.test(text.charAt(at + 1))) continue
    let start = at
    while (start > copied && OF_ADDRESS.test(text.charAt(start - 1))) start--
    let end = at + 1
    while (end < text.length && OF_ADDRESS.test(text.charAt(end))) end++
    result += text.slice(copied, start) + WITHHELD
    copied = end
  }
  return result + text.slice(copied)
}

export function countHoles(text: string): number {
  let count = 0
  for (let at = text.indexOf(HOLE); at >= 0; at = text.indexOf(HOLE, at + 1)) count++
  return count
}

/** For each hole the number of its run: holes with no word between them, such as the parts of 078-05-1120. */
export function runsOfHoles(text: string): number[] {
  let run = 0
  return text
    .split(HOLE)
    .slice(0, -1)
    .map((before, index) => (index > 0 && WORD.test(before) ? ++run : run))
}

/** Puts `fillings` in the place of the holes, in order. */
export function fillHoles(text: string, fillings: readonly string[]): string {
  const pieces = text.split(HOLE)
  return pieces.map((piece, index) => (index < pieces.length - 1 ? piece + (fillings[index] ?? '') : piece)).join('')
}
