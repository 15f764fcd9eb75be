// The part of an e-mail address that is shown, byte by byte: most masked values of most tables are addresses, and a string
// for each of them costs five times as much. What is not surely an address in ASCII is left to the slower way.

/** A part of a value that is replaced; the rest of it stays where it is. */
export interface HiddenPart {
  /** False where it is not certain what may be shown. */
  find(bytes: Buffer, start: number, end: number): boolean
  /** What was found last. */
  readonly from: number
  readonly to: number
  /** What stands there instead. */
  readonly by: Buffer
}

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

/** `j****@example.org`: what is hidden stands between a first letter and the @. */
export class HiddenName implements HiddenPart {
  readonly by = STARS
  from = 0
  to = 0

  find(bytes: Buffer, start: number, end: number): boolean {
    const domain = domainOf(bytes, start, end)
    if (domain < 0) return false
    this.to = domain - 1
    this.from = this.to - start < FIRST_SHOWN_FROM ? start : start + 1
    return true
  }
}
