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
  /** Null where it is no terminal; otherwise as wide as it is now. */
  readonly columns: number | null
  /** Lines that the terminal shows; null where it is none. */
  readonly rows: number | null
  /** Empties the terminal's screen; nothing in a pipe. */
  readonly clear: () => void
  /** Aborted once nobody reads any more (`| head`). */
  readonly gone: AbortSignal
  /** One line, whose data parts were escaped before. */
  readonly line: (text?: string) => void
  readonly json: (value: unknown) => void
  /** The same in one line, for streams of values. */
  readonly jsonLine: (value: unknown) => void
}

const plain: Paint = (text) => text
const PLAIN: Style = { bold: plain, dim: plain, good: plain, bad: plain, warn: plain }

const paint = (format: 'bold' | 'dim' | 'green' | 'red' | 'yellow'): Paint => {
  return (text) => styleText(format, text, { validateStream: false })
}
/** To the upper left corner, and nothing below it; what scrolled away stays. */
const CLEAR = '\u001b[H\u001b[J'
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
  const gone = new AbortController()
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    gone.abort()
  })
  const onTerminal = stream.isTTY === true
  return {
    style: coloured ? COLOURED : PLAIN,
    get columns() {
      return onTerminal ? stream.columns : null
    },
    get rows() {
      return onTerminal ? stream.rows : null
    },
    clear: () => void (onTerminal && stream.write(CLEAR)),
    gone: gone.signal,
    line: (text = '') => void stream.write(`${text}\n`),
    json: (value) => void stream.write(`${jsonOf(value, 2)}\n`),
    jsonLine: (value) => void stream.write(`${jsonOf(value, 0)}\n`),
  }
}

const TEST_ROWS = 40

/** For tests: what a command would have written. */
export function outputInto(lines: string[], columns: number | null = null): Output {
  return {
    style: PLAIN,
    columns,
    rows: columns === null ? null : TEST_ROWS,
    clear: () => void lines.splice(0),
    gone: new AbortController().signal,
    line: (text = '') => void lines.push(stripVTControlCharacters(text)),
    json: (value) => void lines.push(jsonOf(value, 2)),
    jsonLine: (value) => void lines.push(jsonOf(value, 0)),
  }
}

/** JSON escapes C0 itself; the rest that a terminal obeys is escaped here, so that JSON may be looked at too. */
function jsonOf(value: unknown, indent: number): string {
  return JSON.stringify(value, null, indent).replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
