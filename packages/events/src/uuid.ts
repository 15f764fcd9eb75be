// UUIDv7 (RFC 9562, section 5.7), increasing within the process. The `uuid` package's own takes several
// microseconds a call, which an event can't afford.

import { RandomPool } from './random.ts'

const HEX: readonly string[] = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))
const COUNTER_BITS_MASK = 0xfff
const COUNTER_SEED_MASK = 0x7ff
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

const random = new RandomPool()
let lastMs = 0
let prefix = ''
let counter = 0

const hex16 = (value: number): string => `${HEX[value >>> 8]}${HEX[value & 0xff]}`

function startMillisecond(ms: number): void {
  lastMs = ms
  // Half of the counter's room stays free above the random start; when it is used up, the next millisecond is borrowed.
  counter = random.uint16() & COUNTER_SEED_MASK
  const digits = ms.toString(16).padStart(12, '0')
  prefix = `${digits.slice(0, 8)}-${digits.slice(8)}-7`
}

/** A new UUIDv7 in its text form, lower case. */
export function uuidv7(): string {
  const now = Date.now()
  if (now > lastMs) startMillisecond(now)
  else if (counter === COUNTER_BITS_MASK) startMillisecond(lastMs + 1)
  else counter++
  const a = random.uint32()
  const b = random.uint32()
  const variant = 0x8000 | ((a >>> 16) & 0x3fff)
  return `${prefix}${HEX[counter >>> 4]}${(counter & 0xf).toString(16)}-${hex16(variant)}-${hex16(a & 0xffff)}${hex16(b >>> 16)}${hex16(b & 0xffff)}`
}

export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/** The sixteen bytes of a UUID's text. */
export function uuidBytes(text: string): Buffer {
  return Buffer.from(text.replaceAll('-', ''), 'hex')
}
