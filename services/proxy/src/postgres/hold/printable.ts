// Texts of people on their way into an error message: one line, nothing that could move a cursor or reorder what is read.

const MAX_CHARACTERS = 300
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu

export function printable(text: string): string {
  const visible = text.replace(INVISIBLE, (mark) =>
    /\s/.test(mark) ? ' ' : `\\u{${mark.codePointAt(0)?.toString(16)}}`,
  )
  return visible.length <= MAX_CHARACTERS ? visible : `${visible.slice(0, MAX_CHARACTERS)}…`
}
