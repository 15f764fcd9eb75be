/** Where a command writes: colours and widths on a terminal, plain text elsewhere. */
import { stripVTControlCharacters, styleText } from 'node:util'

type Paint = (text: string) => string

export type Style = {
  readonly bold: Paint
  readonly dim: Paint
  readonly good: Paint
  readonly bad: Paint
  readonly warn: Paint
}

export type Output = {
  readonly style: Style
  /** Null where it is no terminal. */
  readonly columns: number | null
  /** One line, whose data parts were escaped before. */
  readonly line: (text?: string) => void
  readonly json: (value: unknown) => void
}

const plain: Paint = (text) => text
const PLAIN: Style = { bold: plain, dim: plain, good: plain, bad: plain, warn: plain }

const paint = (format: 'bold' | 'dim' | 'green' | 'red' | 'yellow'): Paint => {
  return (text) => styleText(format, text, { validateStream: false })
}
const COLOURED: Style = {
  bold: paint('bold'),
  dim: paint('dim'),
  good: paint('green'),
  bad: paint('red'),
  warn: paint('yellow'),
}

/** Colours follow the terminal, and NO_COLOR (no-color.org). */
export function outputTo(stream: NodeJS.WriteStream, environment: NodeJS.ProcessEnv): Output {
  const coloured = stream.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
  // The reader may have gone (`| head`): what is left to say is then for nobody.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return {
    style: coloured ? COLOURED : PLAIN,
    columns: stream.isTTY === true ? stream.columns : null,
    line: (text = '') => void stream.write(`${text}\n`),
    json: (value) => void stream.write(`${jsonOf(value)}\n`),
  }
}

/** For tests: what a command would have written. */
export function outputInto(lines: string[], columns: number | null = null): Output {
  return {
    style: PLAIN,
    columns,
    line: (text = '') => void lines.push(stripVTControlCharacters(text)),
    json: (value) => void lines.push(jsonOf(value)),
  }
}

/** JSON escapes C0 itself; the rest that a terminal obeys is escaped here, so that JSON may be looked at too. */
function jsonOf(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
