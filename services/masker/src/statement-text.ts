// What of a statement's text may be shown before columns have tags. The text comes without its literals and comments:
// a NUL stands where each was. What is left is keywords, names and operators; a name that may hold a value is replaced,
// and a text with anything else in it was not cut as it should have been and is not shown at all.

import { isShowableName, WITHHELD } from '@sluice/events'

const TOKENS =
  /([A-Za-z_\u{80}-\u{10ffff}][A-Za-z0-9_$\u{80}-\u{10ffff}]*)|("(?:[^"\0]|"")*")|(\$\d{1,5})(?![\w$])|([\s()[\]{},;:.+*/<>=~!@#%^&|`?-]|\0)|([\s\S])/gu
/** Openers of comments and of dollar quotes: the lexer would have cut them out. */
const UNCUT = /--|\/\*/

export const HOLE = '\0'

export type StatementText =
  | { readonly kind: 'shown' }
  | { readonly kind: 'altered'; readonly text: string }
  | { readonly kind: 'unreadable' }

/** Judges the text of a statement whose holes are NULs. */
export function judgeStatementText(text: string): StatementText {
  if (UNCUT.test(text)) return { kind: 'unreadable' }
  let altered = false
  let unreadable = false
  const showable = text.replace(
    TOKENS,
    (token: string, name?: string, quoted?: string, _parameter?: string, _mark?: string, other?: string) => {
      if (other !== undefined) unreadable = true
      const inner = name ?? (quoted === undefined ? undefined : quoted.slice(1, -1))
      if (inner === undefined || isShowableName(inner)) return token
      altered = true
      return quoted === undefined ? WITHHELD : `"${WITHHELD}"`
    },
  )
  if (unreadable) return { kind: 'unreadable' }
  return altered ? { kind: 'altered', text: showable } : { kind: 'shown' }
}

export function countHoles(text: string): number {
  let count = 0
  for (let at = text.indexOf(HOLE); at >= 0; at = text.indexOf(HOLE, at + 1)) count++
  return count
}

/** Puts `fillings` in the place of the holes, in order. */
export function fillHoles(text: string, fillings: readonly string[]): string {
  const pieces = text.split(HOLE)
  return pieces.map((piece, index) => (index < pieces.length - 1 ? piece + (fillings[index] ?? '') : piece)).join('')
}
