/** How many columns a text takes on a terminal: wide East Asian characters and emoji take two, combining marks none. */

const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1faff}\u{20000}-\u{3fffd}]/u
const NONE = /\p{M}/u
const PLAIN = /^[\x20-\x7e]*$/

export function widthOf(text: string): number {
  if (PLAIN.test(text)) return text.length
  let width = 0
  for (const character of text) width += columnsOf(character)
  return width
}

/** At most `columns` wide; an ellipsis stands for what was cut off. */
export function cutTo(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let width = 0
  let kept = ''
  for (const character of text) {
    width += columnsOf(character)
    if (width > columns - 1) break
    kept += character
  }
  return `${kept}…`
}

/** Lines at most `columns` wide, broken at spaces where there are any; at least one, and all of the text. */
export function wrapTo(text: string, columns: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  let width = 0
  for (const word of text.split(/(?<= )/)) {
    if (width > 0 && width + widthOf(withoutEndSpaces(word)) > columns) {
      lines.push(withoutEndSpaces(line))
      line = ''
      width = 0
    }
    for (const character of word) {
      const own = columnsOf(character)
      if (width > 0 && width + own > columns && character !== ' ') {
        lines.push(line)
        line = ''
        width = 0
      }
      line += character
      width += own
    }
  }
  return [...lines, withoutEndSpaces(line)]
}

/** Of spaces alone: what else looks like one is part of the text. */
function withoutEndSpaces(text: string): string {
  return text.replace(/ +$/, '')
}

export function padTo(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const space = ' '.repeat(Math.max(0, columns - widthOf(text)))
  return align === 'right' ? space + text : text + space
}

function columnsOf(character: string): number {
  if (NONE.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}
