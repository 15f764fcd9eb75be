// The text of a tree as tokens: lines that were broken, words, numbers, lists of them. Every method reads what must stand
// at the position, moves behind it, or throws Unreadable.

export const MAX_TREE_DEPTH = 1000
/** format_node_dump breaks before this many bytes, at a space if there is one. */
const LINE_BYTES = 78
/** No server encoding takes more for one UTF-16 unit. */
const MAX_UNIT_BYTES = 4

const NEWLINE = 10
const SPACE = 32
const QUOTE = 34
const OPEN = 40
const CLOSE = 41
const MINUS = 45
const ZERO = 48
const NINE = 57
const LESS = 60
const GREATER = 62
const QUESTION = 63
const BACKSLASH = 92
const OPEN_BRACE = 123
const CLOSE_BRACE = 125
const LETTER_B = 98
const LETTER_I = 105
const LETTER_O = 111

export class Unreadable extends Error {}

export class TreeText {
  readonly #text: string
  #at = 0
  #lineStart = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  /** The name of the node that begins here. */
  nodeName(): string {
    const start = this.#at
    this.#at = this.#wordEnd()
    return this.#text.slice(start, this.#at)
  }

  /** `:name`, and the spaces around it; false if something else stands here. */
  fieldName(token: string): boolean {
    this.separator()
    if (!this.#text.startsWith(token, this.#at)) return false
    this.#at += token.length
    this.separator()
    return true
  }

  /** The last line ends too, and behind it is nothing. */
  end(): void {
    if (this.#at - this.#lineStart > LINE_BYTES) this.fail('a line that should have been broken')
    if (this.#code() !== NEWLINE || this.#at + 1 !== this.#text.length) this.fail('text behind the tree')
  }

  /** What catalogs keep is not broken into lines. */
  endOfStored(): void {
    if (this.#lineStart !== 0 || this.#at !== this.#text.length) this.fail('text behind the tree')
  }

  number(): number {
    const negative = this.#code() === MINUS
    if (negative) this.#at += 1
    const start = this.#at
    let value = 0
    for (;;) {
      const code = this.#code()
      if (!(code >= ZERO && code <= NINE)) break
      value = value * 10 + (code - ZERO)
      this.#at += 1
    }
    const zeros = this.#text.charCodeAt(start) === ZERO && (negative || this.#at - start > 1)
    if (this.#at === start || zeros || value > Number.MAX_SAFE_INTEGER) this.fail('something other than a number')
    return negative ? -value : value
  }

  flag(): boolean {
    const value = this.#text.startsWith('true', this.#at)
    if (!value && !this.#text.startsWith('false', this.#at)) this.fail('something other than true or false')
    this.#at += value ? 4 : 5
    return value
  }

  nothing(): null {
    if (this.#code() !== LESS || this.#text.charCodeAt(this.#at + 1) !== GREATER) this.fail('an unexpected value')
    this.#at += 2
    return null
  }

  startsNumbers(): boolean {
    if (this.#code() !== OPEN) return false
    const letter = this.#text.charCodeAt(this.#at + 1)
    return letter === LETTER_I || letter === LETTER_O
  }

  /** (i 1 2) or (o 1 2) */
  numbers(): readonly number[] {
    if (!this.startsNumbers()) this.fail('something other than a list of numbers')
    return this.#numbersBehindLetter()
  }

  /** (b 1 2) */
  set(): readonly number[] {
    if (this.#code() !== OPEN || this.#text.charCodeAt(this.#at + 1) !== LETTER_B)
      this.fail('something other than a set')
    return this.#numbersBehindLetter()
  }

  #numbersBehindLetter(): readonly number[] {
    this.#at += 2
    const list: number[] = []
    while (this.#code() !== CLOSE) {
      this.separator()
      list.push(this.number())
    }
    this.#at += 1
    return list
  }

  words(): readonly (string | null)[] | null {
    if (this.#code() !== OPEN) return this.nothing()
    this.#at += 1
    const list: (string | null)[] = []
    for (;;) {
      list.push(this.#code() === QUOTE ? this.#quoted() : this.nothing())
      if (this.#code() === CLOSE) break
      this.separator()
    }
    this.#at += 1
    return list
  }

  /** In lists words stand in quotes; a quote inside is not marked, the token's last character counts. */
  #quoted(): string {
    const start = this.#at
    const end = this.#wordEnd()
    if (end - start < 2 || this.#text.charCodeAt(end - 1) !== QUOTE) this.fail('a word without its end')
    // `"\"` would be a quote that belongs to the word.
    const word = this.#unescaped(start + 1, end - 1)
    this.#at = end
    return word
  }

  word(): string | null {
    if (this.#code() === LESS) return this.nothing()
    const start = this.#at
    const end = this.#wordEnd()
    if (end === start) this.fail('an empty word')
    const word =
      end - start === 2 && this.#code() === QUOTE && this.#text.charCodeAt(start + 1) === QUOTE
        ? ''
        : this.#unescaped(start, end)
    this.#at = end
    return word
  }

  /** What stands between, without the marks. */
  #unescaped(start: number, end: number): string {
    const raw = this.#text.slice(start, end)
    if (!raw.includes('\\')) return raw
    let word = ''
    for (let i = 0; i < raw.length; i += 1) {
      if (raw.charCodeAt(i) === BACKSLASH) {
        i += 1
        if (i === raw.length) this.fail('a word that ends in a backslash')
        // A line may end at a space that belongs to a word: #wordEnd has made sure that it is one.
        word += raw.charCodeAt(i) === NEWLINE ? ' ' : raw.charAt(i)
      } else word += raw.charAt(i)
    }
    return word
  }

  /** Where the token that begins here ends. */
  #wordEnd(): number {
    const text = this.#text
    let at = this.#at
    for (; at < text.length; at += 1) {
      const code = text.charCodeAt(at)
      if (code === BACKSLASH) {
        at += 1
        if (text.charCodeAt(at) === NEWLINE) this.#brokenWord(at)
      } else if (code <= SPACE || code === OPEN || code === CLOSE || code === OPEN_BRACE || code === CLOSE_BRACE) break
    }
    return Math.min(at, text.length)
  }

  /** `4 [ 1 0 0 0 0 0 0 0 ]` */
  bytes(): null {
    if (this.#code() === LESS) return this.nothing()
    const length = this.number()
    this.separator()
    this.#expect('[')
    this.separator()
    let count = 0
    while (this.#text.charAt(this.#at) !== ']') {
      this.number()
      this.separator()
      count += 1
    }
    this.#at += 1
    // A value that is passed by value is printed as the whole machine word that it lies in.
    if (length !== count && count !== 8) this.fail('a constant of another length')
    return null
  }

  /** A utility statement: its name. Nothing inside is read. */
  skipped(): string | null {
    const first = this.#code()
    if (first === LESS) return this.nothing()
    if (first === QUESTION) {
      this.#at += 1
      return '?'
    }
    if (first !== OPEN_BRACE) return this.fail('a utility statement')
    const text = this.#text
    const nameStart = this.#at + 1
    let nesting = 0
    do {
      const code = this.#code()
      if (code === BACKSLASH) {
        this.#at += 1
        if (this.#code() === NEWLINE) this.#brokenWord(this.#at)
      } else if (code === OPEN_BRACE || code === OPEN) nesting += 1
      else if (code === CLOSE_BRACE || code === CLOSE) nesting -= 1
      else if (code === NEWLINE) this.#brokenLine(this.#at)
      this.#at += 1
      if (this.#at >= text.length) this.fail('a utility statement without end')
    } while (nesting > 0)
    return /^[A-Z_]{1,60}/.exec(text.slice(nameStart, nameStart + 60))?.[0] ?? '?'
  }

  /** Tokens are one space apart, or one newline where a line was broken there. */
  separator(): void {
    const code = this.#code()
    if (code === NEWLINE) this.#brokenLine(this.#at)
    else if (code !== SPACE) this.fail('something other than a space')
    this.#at += 1
  }

  /**
   * A line that has no space to break at is cut after 78 bytes, wherever that is: such a newline stands for nothing, and
   * two tokens are one. A newline that belongs to a word is marked by a backslash; no other is in the text. So a newline
   * without that mark is a cut, or stands for a space.
   */
  #brokenLine(at: number): void {
    if (at - this.#lineStart > LINE_BYTES) this.fail('a line that should have been broken')
    if ((at - this.#lineStart) * MAX_UNIT_BYTES >= LINE_BYTES && !this.#hasSpace(this.#lineStart + 1, at)) {
      let bytes = 0
      for (let i = this.#lineStart; i < at; i += 1) bytes += this.#text.charCodeAt(i) < 128 ? 1 : MAX_UNIT_BYTES
      if (bytes >= LINE_BYTES) this.fail('a token that may have been cut')
    }
    this.#lineStart = at + 1
  }

  /**
   * Behind a backslash a newline is one of three: the word's own, a cut, or the word's own space at which the line was
   * broken. Only the last is taken, and only where it is the one that is possible: there was a space earlier in the line
   * (else it may have been cut, or not broken here), and none in what would have fitted behind it (else it would have been
   * broken there, so that this newline is the word's own).
   */
  #brokenWord(at: number): void {
    if (at - this.#lineStart > LINE_BYTES) this.fail('a line that should have been broken')
    const fits = this.#lineStart + LINE_BYTES + 1
    const sure = this.#hasSpace(this.#lineStart + 1, at) && !this.#hasSpace(at + 1, fits, NEWLINE)
    if (!sure) this.fail('a newline within a word')
    this.#lineStart = at + 1
  }

  #hasSpace(from: number, to: number, other = SPACE): boolean {
    for (let i = to - 1; i >= from; i -= 1) {
      const code = this.#text.charCodeAt(i)
      if (code === SPACE || code === other) return true
    }
    return false
  }

  enter(): void {
    this.#depth += 1
    if (this.#depth > MAX_TREE_DEPTH) this.fail('a tree deeper than 1000')
    this.#at += 1
  }

  leave(): void {
    this.#depth -= 1
    this.#at += 1
  }

  isAt(char: string): boolean {
    return this.#text.charCodeAt(this.#at) === char.charCodeAt(0)
  }

  #code(): number {
    return this.#text.charCodeAt(this.#at)
  }

  #expect(what: string): void {
    if (!this.#text.startsWith(what, this.#at)) this.fail(`something other than ${what}`)
    this.#at += what.length
  }

  fail(what: string): never {
    throw new Unreadable(`${what} (at ${this.#at})`)
  }
}
