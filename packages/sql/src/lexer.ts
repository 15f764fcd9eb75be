// PostgreSQL's lexical rules over a JavaScript string: standard_conforming_strings on, UTF-8, no NUL in the text.
// One pass, no backtracking beyond one token, no regular expressions. It never throws: what can't end is a violation.

import { classOf, DIGIT, FREE_ENDING, IDENT_START, NEWLINE, OPERATOR, SELF, SPACE } from './characters.ts'

export type TokenKind =
  | 'identifier'
  | 'quoted-identifier'
  | 'string'
  | 'escape-string'
  | 'unicode-string'
  | 'bit-string'
  | 'dollar-string'
  | 'number'
  | 'parameter'
  | 'operator'
  | 'punctuation'
  | 'line-comment'
  | 'block-comment'
  | 'other'
  | 'unterminated'

export type LexicalViolation =
  | 'unterminated_string'
  | 'unterminated_identifier'
  | 'unterminated_comment'
  | 'junk_after_number'
  | 'junk_after_parameter'

/** Positions are UTF-16 code units; what lies between two tokens is white space. */
export type Token = { readonly kind: TokenKind; readonly start: number; readonly end: number }

export type Lexed = {
  readonly tokens: readonly Token[]
  /** The first thing that PostgreSQL 15 and newer would refuse; tokens cover the text all the same. */
  readonly violation: { readonly kind: LexicalViolation; readonly position: number } | null
  /** 1_000, 0x1F, 0o17, 0b11: one number from PostgreSQL 16 on, something else below. */
  readonly modernNumbers: boolean
}

const QUOTE = 39
const DOUBLE_QUOTE = 34
const DOLLAR = 36
const BACKSLASH = 92
const MINUS = 45
const PLUS = 43
const SLASH = 47
const STAR = 42
const DOT = 46
const COLON = 58
const EQUALS = 61
const UNDERSCORE = 95
const AMPERSAND = 38

/** Steps through a text token by token without allocating: after `next()` the fields describe the token. */
export class Scanner {
  kind: TokenKind = 'other'
  start = 0
  end = 0
  violation: LexicalViolation | null = null
  violationPosition = -1
  modernNumbers = false
  readonly #text: string
  #runEnd = 0
  #lastFree = -1
  #lastSolid = -1

  constructor(text: string) {
    this.#text = text
  }

  /** False at the end of the text. */
  next(): boolean {
    const text = this.#text
    let at = this.end
    while ((classOf(text.charCodeAt(at)) & SPACE) !== 0) at++
    this.start = at
    this.end = at
    if (at >= text.length) return false
    const code = text.charCodeAt(at)
    const bits = classOf(code)
    if ((bits & IDENT_START) !== 0) this.#word(code)
    else if ((bits & DIGIT) !== 0) this.#number()
    else if (code === QUOTE) this.#quoted('string', at + 1, true, false)
    else if (code === DOUBLE_QUOTE) this.#quotedIdentifier(at + 1)
    else if (code === DOLLAR) this.#dollar()
    else if ((bits & OPERATOR) !== 0) this.#operator(code)
    else if ((bits & SELF) !== 0) this.#punctuation(code)
    else this.#finish('other', at + 1)
    return true
  }

  #finish(kind: TokenKind, end: number): void {
    this.kind = kind
    this.end = end
  }

  #violate(kind: LexicalViolation): void {
    if (this.violation !== null) return
    this.violation = kind
    this.violationPosition = this.start
  }

  #unterminated(kind: LexicalViolation): void {
    this.#violate(kind)
    this.#finish('unterminated', this.#text.length)
  }

  #word(code: number): void {
    const text = this.#text
    const second = text.charCodeAt(this.start + 1)
    if (second === QUOTE) {
      const prefix = code | 32
      if (prefix === 101 /* e */) return this.#quoted('escape-string', this.start + 2, true, true)
      // The scanner does not know doubled quotes in bit strings: b'1''0' is two literals.
      if (prefix === 98 /* b */ || prefix === 120 /* x */) {
        return this.#quoted('bit-string', this.start + 2, false, false)
      }
    }
    if (second === AMPERSAND && (code | 32) === 117 /* u */) {
      const third = text.charCodeAt(this.start + 2)
      if (third === QUOTE) return this.#quoted('unicode-string', this.start + 3, true, false)
      if (third === DOUBLE_QUOTE) return this.#quotedIdentifier(this.start + 3)
    }
    this.#finish('identifier', this.#identifierEnd(this.start + 1))
  }

  #identifierEnd(from: number): number {
    const text = this.#text
    let at = from
    for (;;) {
      const code = text.charCodeAt(at)
      if ((classOf(code) & (IDENT_START | DIGIT)) === 0 && code !== DOLLAR) return at
      at++
    }
  }

  #quoted(kind: TokenKind, from: number, doubled: boolean, escapes: boolean): void {
    const text = this.#text
    let at = from
    for (;;) {
      const code = text.charCodeAt(at)
      if (at >= text.length) return this.#unterminated('unterminated_string')
      if (escapes && code === BACKSLASH) at += 2
      else if (code !== QUOTE) at++
      else if (doubled && text.charCodeAt(at + 1) === QUOTE) at += 2
      else {
        const continued = this.#continuation(at + 1)
        if (continued < 0) return this.#finish(kind, at + 1)
        at = continued
      }
    }
  }

  /** Two literals with a line end between them are one: the position behind the next opening quote, or -1. */
  #continuation(from: number): number {
    const text = this.#text
    let at = from
    let lineEnd = false
    for (;;) {
      const code = text.charCodeAt(at)
      const bits = classOf(code)
      if ((bits & SPACE) !== 0) {
        lineEnd ||= (bits & NEWLINE) !== 0
        at++
      } else if (code === QUOTE) return lineEnd ? at + 1 : -1
      else if (code === MINUS && text.charCodeAt(at + 1) === MINUS) {
        at = this.#lineEnd(at + 2)
        // Behind the line end each comment needs one of its own.
        if (at >= text.length) return -1
      } else return -1
    }
  }

  #quotedIdentifier(from: number): void {
    const text = this.#text
    let at = from
    for (;;) {
      const quote = text.indexOf('"', at)
      if (quote < 0) return this.#unterminated('unterminated_identifier')
      if (text.charCodeAt(quote + 1) !== DOUBLE_QUOTE) return this.#finish('quoted-identifier', quote + 1)
      at = quote + 2
    }
  }

  #dollar(): void {
    const text = this.#text
    let at = this.start + 1
    if ((classOf(text.charCodeAt(at)) & DIGIT) !== 0) {
      while ((classOf(text.charCodeAt(at)) & DIGIT) !== 0) at++
      if ((classOf(text.charCodeAt(at)) & IDENT_START) !== 0) {
        this.#violate('junk_after_parameter')
        at = this.#identifierEnd(at)
      }
      return this.#finish('parameter', at)
    }
    while ((classOf(text.charCodeAt(at)) & (IDENT_START | DIGIT)) !== 0) at++
    if (text.charCodeAt(at) !== DOLLAR) return this.#finish('other', this.start + 1)
    const tag = text.slice(this.start, at + 1)
    const closing = text.indexOf(tag, at + 1)
    if (closing < 0) return this.#unterminated('unterminated_string')
    this.#finish('dollar-string', closing + tag.length)
  }

  #digits(from: number, bits: number): number {
    const text = this.#text
    let at = from
    for (;;) {
      const code = text.charCodeAt(at)
      if ((classOf(code) & bits) !== 0) at++
      else if (code === UNDERSCORE && at > from && (classOf(text.charCodeAt(at + 1)) & bits) !== 0) {
        this.modernNumbers = true
        at += 2
      } else return at
    }
  }

  #number(): void {
    const text = this.#text
    const radix = text.charCodeAt(this.start + 1) | 32
    if (text.charCodeAt(this.start) === 48 && (radix === 120 || radix === 111 || radix === 98)) {
      // 0x, 0o, 0b: which of its characters are valid is the parser's question; below 16 it reads differently anyway.
      this.modernNumbers = true
      return this.#finish('number', this.#identifierEnd(this.start + 2))
    }
    let at = this.#digits(this.start, DIGIT)
    if (text.charCodeAt(at) === DOT && text.charCodeAt(at + 1) !== DOT) at = this.#digits(at + 1, DIGIT)
    this.#exponent(at)
  }

  #exponent(from: number): void {
    const text = this.#text
    let at = from
    if ((text.charCodeAt(at) | 32) === 101) {
      const sign = text.charCodeAt(at + 1)
      const digits = sign === PLUS || sign === MINUS ? at + 2 : at + 1
      if ((classOf(text.charCodeAt(digits)) & DIGIT) !== 0) at = this.#digits(digits, DIGIT)
    }
    if ((classOf(text.charCodeAt(at)) & IDENT_START) !== 0) {
      this.#violate('junk_after_number')
      at = this.#identifierEnd(at)
    }
    this.#finish('number', at)
  }

  #punctuation(code: number): void {
    const text = this.#text
    const second = text.charCodeAt(this.start + 1)
    if (code === DOT) {
      if ((classOf(second) & DIGIT) !== 0) return this.#exponent(this.#digits(this.start + 1, DIGIT))
      if (second === DOT) return this.#finish('punctuation', this.start + 2)
    }
    if (code === COLON && (second === COLON || second === EQUALS)) return this.#finish('operator', this.start + 2)
    this.#finish('punctuation', this.start + 1)
  }

  #lineEnd(from: number): number {
    const text = this.#text
    let at = from
    while (at < text.length && (classOf(text.charCodeAt(at)) & NEWLINE) === 0) at++
    return at
  }

  #blockComment(): void {
    const text = this.#text
    let depth = 1
    let at = this.start + 2
    while (at < text.length) {
      const code = text.charCodeAt(at)
      const second = text.charCodeAt(at + 1)
      if (code === STAR && second === SLASH) {
        at += 2
        if (--depth === 0) return this.#finish('block-comment', at)
      } else if (code === SLASH && second === STAR) {
        depth++
        at += 2
      } else at++
    }
    this.#unterminated('unterminated_comment')
  }

  #operator(code: number): void {
    const text = this.#text
    const second = text.charCodeAt(this.start + 1)
    if (code === MINUS && second === MINUS) return this.#finish('line-comment', this.#lineEnd(this.start + 2))
    if (code === SLASH && second === STAR) return this.#blockComment()
    if (this.start >= this.#runEnd) this.#findRun()
    // For the standard's sake `=-1` is two operators, unless a character that the standard does not know is in it.
    const solidEnd = Math.max(this.#lastSolid, this.start) + 1
    this.#finish('operator', this.#lastFree >= this.start ? this.#runEnd : solidEnd)
  }

  /** A run of operator characters is looked at once, although several operators may be taken from it. */
  #findRun(): void {
    const text = this.#text
    let at = this.start
    for (;;) {
      const here = text.charCodeAt(at)
      const bits = classOf(here)
      if ((bits & OPERATOR) === 0) break
      const after = text.charCodeAt(at + 1)
      // A comment ends an operator, even where its first character could go on with it.
      if ((here === MINUS && after === MINUS) || (here === SLASH && after === STAR)) break
      if ((bits & FREE_ENDING) !== 0) this.#lastFree = at
      if (here !== PLUS && here !== MINUS) this.#lastSolid = at
      at++
    }
    this.#runEnd = at
  }
}

/** All tokens of a text. Linear in its length; memory is one small object a token. */
export function lex(text: string): Lexed {
  const scanner = new Scanner(text)
  const tokens: Token[] = []
  while (scanner.next()) tokens.push({ kind: scanner.kind, start: scanner.start, end: scanner.end })
  const violation = scanner.violation === null ? null : { kind: scanner.violation, position: scanner.violationPosition }
  return { tokens, violation, modernNumbers: scanner.modernNumbers }
}
