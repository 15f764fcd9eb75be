// The value of a literal exactly as the server reads it. What the server refuses has some value as well: nothing throws.

import type { TokenKind } from './lexer.ts'
import { literalValue, withoutQuotes } from './literal-value.ts'

/** From this version on, `\v` in an E'' string is a vertical tab; before, it is the letter. */
const VERTICAL_TAB_MAJOR = 17

const CONTROLS: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

/**
 * The value of a string literal from its source; of other tokens, their source. `uescape` is the character that stands
 * for the backslash in a U&'' literal.
 */
export function decodeLiteral(kind: TokenKind, source: string, serverMajor: number, uescape = '\\'): string {
  switch (kind) {
    case 'string':
    case 'dollar-string':
      return literalValue(kind, source).value
    case 'escape-string':
      return withoutEscapes(withoutQuotes(kind, source), serverMajor)
    case 'unicode-string':
      return unescapeUnicode(withoutQuotes(kind, source), uescape)
    default:
      return source
  }
}

const OCTAL = /[0-7]{1,3}/y
const HEX = /x[0-9a-fA-F]{1,2}/y
const UNICODE = /u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}/y
const BACKSLASH = '\\'

function matchAt(pattern: RegExp, text: string, at: number): string | null {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0] ?? null
}

/** Escapes of bytes may make one character together, so all is put together as bytes. */
function withoutEscapes(text: string, serverMajor: number): string {
  if (!text.includes(BACKSLASH)) return text
  const parts: Buffer[] = []
  const characters = new Characters((written) => parts.push(Buffer.from(written, 'utf8')))
  let at = 0
  while (at < text.length) {
    const next = text.indexOf(BACKSLASH, at)
    if (next !== at) characters.text(text.slice(at, next < 0 ? text.length : next))
    if (next < 0) break
    at = next + 1
    const unicode = matchAt(UNICODE, text, at)
    const octal = matchAt(OCTAL, text, at)
    const hex = matchAt(HEX, text, at)
    if (unicode !== null) characters.codePoint(Number.parseInt(unicode.slice(1), 16))
    else if (octal !== null || hex !== null) {
      characters.flush()
      parts.push(
        Buffer.of((octal === null ? Number.parseInt(hex?.slice(1) ?? '', 16) : Number.parseInt(octal, 8)) & 255),
      )
    } else {
      const escaped = text[at] ?? ''
      const tab = escaped === 'v' && serverMajor >= VERTICAL_TAB_MAJOR ? '\v' : undefined
      characters.text(tab ?? CONTROLS[escaped] ?? escaped)
    }
    at += (unicode ?? octal ?? hex ?? ' ').length
  }
  characters.flush()
  return Buffer.concat(parts).toString('utf8')
}

const FOUR_DIGITS = /[0-9a-fA-F]{4}/y
const SIX_DIGITS = /\+[0-9a-fA-F]{6}/y

function unescapeUnicode(text: string, mark: string): string {
  if (!text.includes(mark)) return text
  let value = ''
  const characters = new Characters((written) => {
    value += written
  })
  let at = 0
  while (at < text.length) {
    const next = text.indexOf(mark, at)
    if (next !== at) characters.text(text.slice(at, next < 0 ? text.length : next))
    if (next < 0) break
    at = next + 1
    const digits = matchAt(FOUR_DIGITS, text, at) ?? matchAt(SIX_DIGITS, text, at)
    if (digits === null) characters.text(text[at] ?? '')
    else characters.codePoint(Number.parseInt(digits.replace('+', ''), 16))
    at += digits?.length ?? 1
  }
  characters.flush()
  return value
}

const MAX_CODE_POINT = 0x10ffff

/** Puts text together; two escapes that follow each other may be the halves of a surrogate pair. */
class Characters {
  readonly #write: (text: string) => void
  #text = ''

  constructor(write: (text: string) => void) {
    this.#write = write
  }

  text(text: string): void {
    this.#text += text
  }

  codePoint(code: number): void {
    this.#text += code <= MAX_CODE_POINT ? String.fromCodePoint(code) : '\ufffd'
  }

  flush(): void {
    if (this.#text !== '') this.#write(this.#text)
    this.#text = ''
  }
}
