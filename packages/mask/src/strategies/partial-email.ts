// The part of an e-mail address that is shown, byte by byte: most masked values of most tables are addresses, and a string
// for each of them costs five times as much. What is not surely an address in ASCII is left to the slower way.

const OTHER = 0
/** Before the @ only. */
const LOCAL = 1
/** Letters, digits and hyphens: before and behind it. */
const LABEL = 2

const AT = 0x40
const DOT = 0x2e

const CLASSES = new Uint8Array(256)
CLASSES.fill(LOCAL, 0x21, 0x7f)
for (const byte of Buffer.from('@"<>()[],;:\\')) CLASSES[byte] = OTHER
for (const byte of Buffer.from('-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')) CLASSES[byte] = LABEL

const MAX_LOCAL = 64
const MAX_LABEL = 63
const MAX_LABELS = 9
const SHORTEST_LAST = 2
/** The first letter tells little of three or more; of one or two it is the name. */
const FIRST_SHOWN_FROM = 3

const STARS = Buffer.from('****')

/** Where the domain begins: behind the only @, with two labels at least; -1 where that is not certain. */
function domainOf(bytes: Buffer, start: number, end: number): number {
  let at = start
  while (at < end && CLASSES[bytes[at] as number] !== OTHER) at++
  const local = at - start
  if (at === end || bytes[at] !== AT || local === 0 || local > MAX_LOCAL) return -1
  const domain = at + 1
  let labels = 0
  let label = domain
  for (at = domain; at <= end; at++) {
    const byte = at < end ? (bytes[at] as number) : DOT
    if (byte === DOT) {
      const length = at - label
      if (length === 0 || length > MAX_LABEL || (at === end && length < SHORTEST_LAST)) return -1
      label = at + 1
      labels++
    } else if (CLASSES[byte] !== LABEL) return -1
  }
  return labels < 2 || labels > MAX_LABELS ? -1 : domain
}

/** `j****@example.org`; null where it is not surely an address. */
export function partOfEmail(bytes: Buffer, start: number, end: number): Buffer | null {
  const domain = domainOf(bytes, start, end)
  if (domain < 0) return null
  const first = domain - 1 - start < FIRST_SHOWN_FROM ? 0 : 1
  const shown = Buffer.allocUnsafe(first + STARS.length + end - domain + 1)
  if (first === 1) shown[0] = bytes[start] as number
  for (let index = 0; index < STARS.length; index++) shown[first + index] = STARS[index] as number
  for (let from = domain - 1, to = first + STARS.length; from < end; from++, to++) shown[to] = bytes[from] as number
  return shown
}
