// How the keys and tokens of well-known services begin, and what follows. A format is tried where its `trigger` stands: a
// character of its prefix that is rare in text.

import { ALNUM, BASE64, classAt, DIGIT, endOfRun, UPPER, URL_SAFE } from './characters.ts'
import type { Detection } from './detection.ts'

export type KeyFormat = {
  readonly name: string
  readonly prefix: string
  /** Index of the trigger within the prefix. */
  readonly trigger: number
  /** Classes of the characters behind the prefix. */
  readonly body: number
  readonly fewest: number
  /** Where given, a longer run is something else. */
  readonly most?: number
}

const keyFormat = (
  name: string,
  prefix: string,
  body: number,
  fewest: number,
  more: { readonly most?: number; readonly trigger?: number } = {},
): KeyFormat => {
  const last = Math.max(prefix.lastIndexOf('_'), prefix.lastIndexOf('-'))
  const { trigger = last, most } = more
  return { name, prefix, trigger, body, fewest, ...(most === undefined ? {} : { most }) }
}

const TOKEN = ALNUM | URL_SAFE
const CAPITALS = UPPER | DIGIT

export const KEY_FORMATS: readonly KeyFormat[] = [
  keyFormat('aws', 'AKIA', CAPITALS, 16, { most: 16, trigger: 1 }),
  keyFormat('aws', 'ASIA', CAPITALS, 16, { most: 16, trigger: 1 }),
  keyFormat('google', 'AIza', TOKEN, 35, { trigger: 2 }),
  keyFormat('google-oauth', 'GOCSPX-', TOKEN, 24),
  ...['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'].map((prefix) => keyFormat('github', prefix, ALNUM, 36)),
  keyFormat('github', 'github_pat_', TOKEN, 22),
  ...['glpat-', 'gldt-', 'glrt-', 'glptt-'].map((prefix) => keyFormat('gitlab', prefix, TOKEN, 20)),
  ...['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xapp-'].map((prefix) =>
    keyFormat('slack', prefix, TOKEN, 10),
  ),
  ...['sk_live_', 'rk_live_', 'sk_test_', 'rk_test_', 'whsec_'].map((prefix) => keyFormat('stripe', prefix, ALNUM, 16)),
  keyFormat('openai', 'sk-', TOKEN, 20),
  keyFormat('npm', 'npm_', ALNUM, 36),
  keyFormat('pypi', 'pypi-', TOKEN, 50),
  keyFormat('huggingface', 'hf_', ALNUM, 30),
  keyFormat('shopify', 'shpat_', ALNUM, 32),
  keyFormat('shopify', 'shpss_', ALNUM, 32),
  keyFormat('digitalocean', 'dop_v1_', ALNUM, 64),
  keyFormat('grafana', 'glsa_', TOKEN, 32),
  keyFormat('sendgrid', 'SG.', TOKEN, 22, { trigger: 1 }),
  keyFormat('age', 'AGE-SECRET-KEY-', CAPITALS, 50),
  keyFormat('vault', 'hvs.', TOKEN, 24, { trigger: 1 }),
]

const BY_TRIGGER: ReadonlyMap<number, readonly KeyFormat[]> = Map.groupBy(KEY_FORMATS, ({ prefix, trigger }) =>
  prefix.charCodeAt(trigger),
)

/** Characters at which a format is tried. */
export const KEY_TRIGGERS: ReadonlySet<number> = new Set(BY_TRIGGER.keys())

export const formatsAt = (code: number): readonly KeyFormat[] => BY_TRIGGER.get(code) ?? []

/** A key has digits, and shows one soon: `sk-` begins words, too. */
const SOON = 64

const hasDigit = (text: string, start: number, end: number): boolean => {
  for (let at = start; at < end; at++) if ((classAt(text, at) & DIGIT) !== 0) return true
  return false
}

/** Looks at no more than the beginning unless it is a key: the next prefix could be within it. */
const endOfKey = (text: string, start: number, { prefix, body, fewest, most }: KeyFormat): number => {
  const from = start + prefix.length
  const soon = endOfRun(text, from, body, Math.min(text.length, from + SOON))
  if (soon - from < fewest || !hasDigit(text, from, soon)) return -1
  const end = endOfRun(text, soon, body)
  return most !== undefined && end - from > most ? -1 : end
}

/** At a trigger. `floor`: what lies before is no neighbour. */
export function scanKey(text: string, at: number, floor: number): Detection | null {
  for (const format of formatsAt(text.charCodeAt(at))) {
    const start = at - format.trigger
    if (start < floor || !text.startsWith(format.prefix, start)) continue
    if (start > floor && (classAt(text, start - 1) & ALNUM) !== 0) continue
    const key = endOfKey(text, start, format)
    if (key < 0) continue
    const end = format.prefix.endsWith('.') ? endOfParts(text, key) : key
    return { start, end, tag: 'secret.api-key', confidence: 0.97, detector: `key:${format.name}` }
  }
  return null
}

const DOT = 0x2e

/** Further parts of base64url, each behind a dot. */
const endOfParts = (text: string, from: number): number => {
  let end = from
  while (text.charCodeAt(end) === DOT && (classAt(text, end + 1) & TOKEN) !== 0) end = endOfRun(text, end + 1, TOKEN)
  return end
}

const FEWEST_JWT_PART = 10

/** At the `J` of `eyJ`, with which JSON in base64url begins. */
export function scanJwt(text: string, at: number, floor: number): Detection | null {
  const start = at - 2
  if (start < floor || !text.startsWith('eyJ', start)) return null
  if (start > floor && ((classAt(text, start - 1) & TOKEN) !== 0 || text.charCodeAt(start - 1) === DOT)) return null
  const head = endOfRun(text, start, TOKEN)
  if (head - start < FEWEST_JWT_PART || text.charCodeAt(head) !== DOT) return null
  const claims = endOfRun(text, head + 1, TOKEN)
  if (claims - head <= FEWEST_JWT_PART) return null
  return { start, end: endOfParts(text, claims), tag: 'secret.token', confidence: 0.97, detector: 'jwt' }
}

export const PEM_BEGIN = '-----BEGIN '
const END = '-----END '
const DASHES = '-----'
const MAX_LABEL = 60
const KEY_LABEL = /^[A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?$/
/** A word of so many characters of base64 is no word of prose. */
const FEWEST_BASE64 = 20
const PEM_BODY = ALNUM | BASE64

/** At the first dash of a PEM header (RFC 7468). A key without its end goes as far as it looks like one. */
export function scanPrivateKey(text: string, at: number): Detection | null {
  if (!text.startsWith(PEM_BEGIN, at)) return null
  const label = text.slice(at + PEM_BEGIN.length, at + PEM_BEGIN.length + MAX_LABEL)
  const labelEnd = label.indexOf(DASHES)
  if (labelEnd < 0 || !KEY_LABEL.test(label.slice(0, labelEnd))) return null
  const body = at + PEM_BEGIN.length + labelEnd + DASHES.length
  let end = -1
  let cursor = body
  while (cursor < text.length) {
    if ((classAt(text, cursor) & PEM_BODY) !== 0) {
      const run = endOfRun(text, cursor, PEM_BODY)
      if (run - cursor >= FEWEST_BASE64) end = run
      cursor = run
    } else if (text.startsWith(DASHES, cursor)) {
      if (text.startsWith(END, cursor)) end = endOfFooter(text, cursor)
      break
    } else cursor++
    // Prose: no line of a key in so much text.
    if (cursor - Math.max(end, body) > MAX_BETWEEN) break
  }
  return end < 0 ? null : { start: at, end, tag: 'secret.private-key', confidence: 0.99, detector: 'private-key' }
}

/** Headers of an encrypted key are shorter. */
const MAX_BETWEEN = 400

const endOfFooter = (text: string, at: number): number => {
  const rest = text.slice(at + END.length, at + END.length + MAX_LABEL)
  const dashes = rest.indexOf(DASHES)
  return dashes < 0 ? at + END.length : at + END.length + dashes + DASHES.length
}
