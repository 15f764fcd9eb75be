// An analyst's text cut into tokens, strictly: what this reader does not know is refused, so that it can't see another
// statement than the database does.

export type SqlToken =
  | { readonly kind: 'word'; readonly text: string }
  | { readonly kind: 'quoted-name'; readonly text: string }
  | { readonly kind: 'string' | 'number' }
  | { readonly kind: 'symbol'; readonly text: string }

export type Tokens =
  | { readonly ok: true; readonly tokens: readonly SqlToken[] }
  | { readonly ok: false; readonly reason: string }

/** Alternatives in order; the sticky expression must match at each place. Comments and spaces carry nothing. */
const SPACE_OR_COMMENT = /(?:[ \t\r\n]+|--[^\n]*(?:\n|$)|\/\*(?:[^*]|\*(?!\/))*\*\/)/y
const WORD = /[A-Za-z_][A-Za-z0-9_]*/y
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?![A-Za-z0-9_])/y
const STRING = /'(?:[^'\\\0]|''|\\[\\'"`ntr0bf/%_])*'/y
/** Names in quotes: letters, digits and what people call columns; nothing that could look like a line of a tree. */
const QUOTED_NAME = /"([A-Za-z_][\w .-]{0,127})"|`([A-Za-z_][\w .-]{0,127})`/y
const SYMBOL = /->|::|<=>|<=|>=|<>|!=|==|\|\||[-+*/%=<>(),.[\]?:]/y

export const MAX_TOKENS = 10_000

/** Some end a text early for one reader and not for another. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/ // oxlint-disable-line no-control-regex

export function tokenize(sql: string): Tokens {
  if (CONTROL.test(sql)) return { ok: false, reason: 'it holds control characters' }
  const tokens: SqlToken[] = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(sql)
    if (match !== null) at += match[0].length
    return match
  }
  while (at < sql.length) {
    if (tokens.length > MAX_TOKENS) return { ok: false, reason: `the query has more than ${MAX_TOKENS} words` }
    if (take(SPACE_OR_COMMENT)) continue
    const word = take(WORD)
    if (word) {
      // `b'…'` and `x'…'` are something else than strings.
      if (sql[at] === "'") return { ok: false, reason: `strings are written '…' here, without ${word[0]} before them` }
      tokens.push({ kind: 'word', text: word[0] })
      continue
    }
    if (take(NUMBER)) {
      tokens.push({ kind: 'number' })
      continue
    }
    if (take(STRING)) {
      tokens.push({ kind: 'string' })
      continue
    }
    const name = take(QUOTED_NAME)
    if (name) {
      // A quote right behind it would go on with the same name, as the database reads it.
      if (/["`\w]/.test(sql[at] ?? '')) return { ok: false, reason: 'a name in quotes may not hold quotes' }
      tokens.push({ kind: 'quoted-name', text: name[1] ?? name[2] ?? '' })
      continue
    }
    const symbol = take(SYMBOL)
    if (!symbol) return { ok: false, reason: unknownAt(sql, at) }
    tokens.push({ kind: 'symbol', text: symbol[0] })
  }
  return { ok: true, tokens }
}

function unknownAt(sql: string, at: number): string {
  const character = sql[at] ?? ''
  if (character === ';') return 'only one statement can be asked at once; leave out the semicolon'
  if (character === '{') return 'parameters in braces are not available here; write the value'
  if (character === "'" || character === '"' || character === '`') {
    return `the text in quotes at character ${at + 1} has no end, or holds characters that are not taken here`
  }
  if (sql.startsWith('/*', at)) return 'a comment has no end'
  const printable = /[\x20-\x7e]/.test(character) ? character : 'a character'
  return `${printable} at character ${at + 1} is not taken outside of quotes`
}
