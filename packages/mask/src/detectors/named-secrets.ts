// Values beside a name that tells: `password: …`, `API_KEY=…`, and passwords in the addresses of services.

import { ALNUM, classAt, DIGIT, endOfRun, LETTER, LOWER, SPACE, UPPER, URL_SAFE } from './characters.ts'
import type { Detection } from './detection.ts'

type Kind = 'password' | 'key'

/** How the name before `:` or `=` ends, in lower case, without `_` and `-`. */
const NAMES: readonly (readonly [ending: string, kind: Kind])[] = [
  ...['password', 'passwd', 'pwd', 'passphrase', 'passcode', 'passwort'].map((name) => [name, 'password'] as const),
  ...['secret', 'token', 'credential', 'credentials', 'authorization', 'apikey', 'accesskey', 'secretkey'].map(
    (name) => [name, 'key'] as const,
  ),
  ...['privatekey', 'accountkey', 'signingkey', 'encryptionkey', 'authkey', 'masterkey', 'secretaccesskey'].map(
    (name) => [name, 'key'] as const,
  ),
]
const BY_LAST: ReadonlyMap<string, typeof NAMES> = Map.groupBy(NAMES, ([ending]) => ending.slice(-2))

const MAX_NAME = 24
const MAX_SKIPPED = 4
const QUOTES = new Set('"\'`\\')

/** The kind of the name that ends before an index; a few quotes and spaces may lie between. */
export function kindOfName(text: string, at: number): Kind | null {
  let end = at
  while (end > 0 && at - end < MAX_SKIPPED && (QUOTES.has(text[end - 1] as string) || text[end - 1] === ' ')) end--
  // Nearly all names are told by their last two letters.
  const last = (text[end - 2] ?? '') + (text[end - 1] ?? '')
  const names = BY_LAST.get(last) ?? BY_LAST.get(last.toLowerCase())
  if (names === undefined) return null
  const name = text
    .slice(Math.max(0, end - MAX_NAME), end)
    .replace(/[_-]/g, '')
    .toLowerCase()
  return names.find(([ending]) => name.endsWith(ending))?.[1] ?? null
}

/** Values longer than this count with their beginning; all of them is masked. */
const MAX_WEIGHED = 64
const FEWEST = { password: 6, key: 12 }
const FEWEST_QUOTED = { password: 4, key: 8 }
const FEWEST_DIFFERENT = 7
/** Ends an unquoted value: spaces, quotes and what separates values in lists; for keys brackets, too. */
const ENDS = { password: new Set(' \t\r\n"\'`,;[<>\\'), key: new Set(' \t\r\n"\'`,;&()[]{}<>\\') }
/** In an address the next parameter. */
const NEXT_PARAMETER = /&[\w.-]{1,40}=/y
/** A call in code. */
const CALL = /^[\w.$]{1,64}\(/
const SCHEME = /^(?:Bearer|Basic|Token|Digest|ApiKey) +/i
/** What stands for a value: variables, and words that say that there is none. */
const NO_VALUE =
  /^(?:\$|%|<|\{|\*{3}|x{4}|\.{3}|(?:null|none|nil|true|false|undefined|redacted|required|changeme|optional|string)$|(?:process|os|env|secrets|vault|config|self|this)\.)/i

const valueEnd = (text: string, start: number, quote: string, kind: Kind): number => {
  let end = start
  if (quote !== '') {
    while (end < text.length && text[end] !== quote && text[end] !== '\n' && text[end] !== '[') end++
    return end
  }
  for (; end < text.length && !ENDS[kind].has(text[end] as string); end++) {
    NEXT_PARAMETER.lastIndex = end
    if (text[end] === '&' && NEXT_PARAMETER.test(text)) break
  }
  return end
}

/** More characters never make less of it: what is found in a text is found in its masked rest or not at all. */
const isTelling = (value: string, kind: Kind, isQuoted: boolean): boolean => {
  if (value.length < (isQuoted ? FEWEST_QUOTED : FEWEST)[kind] || NO_VALUE.test(value)) return false
  let classes = 0
  let others = 0
  for (let at = 1; at < value.length; at++) {
    const bits = classAt(value, at)
    classes |= bits & (LOWER | UPPER | DIGIT)
    if ((bits & (ALNUM | URL_SAFE)) === 0 && value[at] !== '.' && value[at] !== '/') others++
  }
  classes |= classAt(value, 0) & DIGIT
  if (kind === 'password') return isQuoted || (classes & DIGIT) !== 0 || others > 0 || classes === (LOWER | UPPER)
  return (classes & DIGIT) !== 0 && new Set(value.slice(0, MAX_WEIGHED)).size >= FEWEST_DIFFERENT
}

/** At a `:` or `=`. */
export function scanAssignment(text: string, at: number): Detection | null {
  const kind = kindOfName(text, text[at - 1] === ':' ? at - 1 : at)
  if (kind === null) return null
  let start = text[at + 1] === '>' || text[at + 1] === '=' ? at + 2 : at + 1
  const limit = start + MAX_SKIPPED
  let quote = ''
  while (start < limit && (text[start] === ' ' || QUOTES.has(text[start] as string))) {
    if (text[start] !== ' ' && text[start] !== '\\') {
      // Nothing between two quotes.
      if (text[start] === quote) return null
      quote = text[start] as string
    }
    start++
  }
  if (kind === 'key') start += SCHEME.exec(text.slice(start, start + 12))?.[0].length ?? 0
  const weighed = valueEnd(text.slice(start, start + MAX_WEIGHED), 0, quote, kind)
  const value = text.slice(start, start + weighed).replace(quote === '' ? /[.:)}\]]+$/ : /$^/, '')
  if (!isTelling(value, kind, quote !== '')) return null
  if (quote === '' && (text[start + weighed] === '(' || CALL.test(value))) return null
  const end = weighed < MAX_WEIGHED ? start + value.length : valueEnd(text, start, quote, kind)
  const tag = kind === 'password' ? 'secret.password' : 'secret.api-key'
  return { start, end, tag, confidence: quote === '' ? 0.8 : 0.85, detector: 'named-secret' }
}

/** The password in `the password for it is …`; at most so far behind the `w`. */
const PROSE = /pass(?:word|wort|wd)(?: (?:for|of) [\w.-]{1,24})? (?:is|was|ist|lautet)(?: now)?:? ["'`]?/iy
const BEFORE_W = 'pass'.length

/** At the `w` of `password`: prose has neither colon nor quotes, so only what no word looks like is taken. */
export function scanPassword(text: string, at: number): Detection | null {
  if ((text.charCodeAt(at - 1) | 0x20) !== 0x73) return null
  PROSE.lastIndex = at - BEFORE_W
  if (at < BEFORE_W || !PROSE.test(text)) return null
  const start = PROSE.lastIndex
  const end = valueEnd(text, start, '', 'password')
  const value = text.slice(start, Math.min(end, start + MAX_WEIGHED)).replace(/[.:)}\]]+$/, '')
  let classes = 0
  for (let index = 0; index < value.length; index++) classes |= classAt(value, index)
  if (value.length < FEWEST.password || (classes & DIGIT) === 0 || (classes & LETTER) === 0) return null
  return {
    start,
    end: end - start > MAX_WEIGHED ? end : start + value.length,
    tag: 'secret.password',
    confidence: 0.7,
    detector: 'named-secret',
  }
}

const MAX_USERINFO = 256
const URL_STOPS = new Set(' \t\r\n"\'`<>')

/** At the `:` of `scheme://user:password@host`: the password. */
export function scanAddress(text: string, at: number): Detection | null {
  if (!text.startsWith('//', at + 1) || (classAt(text, at - 1) & LETTER) === 0) return null
  const from = at + 3
  const limit = Math.min(text.length, from + MAX_USERINFO)
  let colon = -1
  let until = -1
  for (let cursor = from; cursor < limit; cursor++) {
    const character = text[cursor] as string
    if (URL_STOPS.has(character) || (classAt(text, cursor) & SPACE) !== 0) break
    if (character === ':' && colon < 0) colon = cursor
    else if (character === '@') until = cursor
    else if (character === '/' && (colon < 0 || text[cursor + 1] === '/' || isPort(text, colon, cursor))) break
    else if ((character === '?' || character === '#') && until >= 0) break
  }
  if (colon < 0 || until <= colon + 1 || /^\[[a-z][a-z0-9.-]*\]$/.test(text.slice(colon + 1, until))) return null
  return { start: colon + 1, end: until, tag: 'secret.password', confidence: 0.9, detector: 'connection-string' }
}

const isPort = (text: string, colon: number, slash: number): boolean =>
  endOfRun(text, colon + 1, DIGIT, slash) === slash
