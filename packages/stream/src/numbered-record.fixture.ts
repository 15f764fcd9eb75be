// Records that tell which one they are, for tests that look for gaps, repeats and damage.

import type { StreamRecord } from './event-log.ts'

/** The record of a number: its value begins with the number and is filled with the number's last byte. */
export function numbered(number: number, valueBytes = 16): StreamRecord {
  const value = Buffer.alloc(Math.max(8, valueBytes), number & 0xff)
  value.writeDoubleBE(number)
  return { key: Buffer.from(`key-${number}`), value, headers: `{"ce_sequence":"${number}"}` }
}

/** The number of a record, NaN where any of its bytes is not as `numbered` made it. */
export function numberOf(record: StreamRecord): number {
  const number = record.value.readDoubleBE()
  const { key, value, headers } = numbered(number, record.value.length)
  return record.key.equals(key) && record.value.equals(value) && record.headers === headers ? number : Number.NaN
}
