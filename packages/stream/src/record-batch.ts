// How records lie in a log file. A batch is its records one after the other, each as
// u32 key length, u32 headers length, u32 value length (little endian), key, headers, value.

import { StreamError } from './errors.ts'
import type { StreamRecord } from './event-log.ts'

const HEAD_BYTES = 12
const UTF8_BYTES_PER_UNIT = 3

/** A batch is closed beyond this size, so that a reader's memory is bounded by it or by one record. */
export const MAX_BATCH_BYTES = 1024 * 1024
/** Larger records are refused; producers split payloads long before. */
export const MAX_RECORD_BYTES = 64 * 1024 * 1024
const INITIAL_BYTES = 64 * 1024

/** Collects records into one reusable buffer: no allocation for a record of usual size. */
export class BatchBuffer {
  readonly #reserved: number
  #bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  #end: number
  #count = 0

  /** Keeps `reserved` bytes free in front of the batch, for a header that is written together with it. */
  constructor(reserved = 0) {
    this.#reserved = reserved
    this.#end = reserved
  }

  get length(): number {
    return this.#end - this.#reserved
  }

  get count(): number {
    return this.#count
  }

  /** A view of what was collected, valid until the next `add` or `clear`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(this.#reserved, this.#end)
  }

  /** The memory itself, with the reserved bytes in front; the batch ends at `end`. Valid until the next `add` or `clear`. */
  get storage(): Buffer {
    return this.#bytes
  }

  get end(): number {
    return this.#end
  }

  add({ key, headers, value }: StreamRecord): void {
    const start = this.#end
    const bound = start + HEAD_BYTES + key.length + headers.length * UTF8_BYTES_PER_UNIT + value.length
    if (bound > this.#bytes.length) this.#grow(bound, bound - start)
    const bytes = this.#bytes
    let at = start + HEAD_BYTES
    bytes.set(key, at)
    at += key.length
    const headersLength = bytes.write(headers, at, 'utf8')
    at += headersLength
    bytes.set(value, at)
    at += value.length
    writeU32(bytes, start, key.length)
    writeU32(bytes, start + 4, headersLength)
    writeU32(bytes, start + 8, value.length)
    this.#end = at
    this.#count += 1
  }

  clear(): void {
    this.#end = this.#reserved
    this.#count = 0
    if (this.#bytes.length > 2 * MAX_BATCH_BYTES) this.#bytes = Buffer.allocUnsafeSlow(INITIAL_BYTES)
  }

  #grow(bound: number, recordBytes: number): void {
    if (recordBytes > MAX_RECORD_BYTES) {
      throw new StreamError(
        'record_too_large',
        `A record of up to ${recordBytes} bytes is over the log's bound of ${MAX_RECORD_BYTES} bytes: split its payload.`,
      )
    }
    let size = this.#bytes.length
    while (size < bound) size *= 2
    const larger = Buffer.allocUnsafeSlow(size)
    this.#bytes.copy(larger, 0, 0, this.#end)
    this.#bytes = larger
  }
}

export function writeU32(bytes: Buffer, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

/** The records of a batch, as views of its bytes. Throws `log_corrupt` where lengths don't add up. */
export function decodeBatch(batch: Buffer, count: number): StreamRecord[] {
  const records: StreamRecord[] = []
  let at = 0
  while (at < batch.length) {
    if (at + HEAD_BYTES > batch.length) throw corrupt()
    const keyEnd = at + HEAD_BYTES + batch.readUInt32LE(at)
    const headersEnd = keyEnd + batch.readUInt32LE(at + 4)
    const valueEnd = headersEnd + batch.readUInt32LE(at + 8)
    if (valueEnd > batch.length) throw corrupt()
    records.push({
      key: batch.subarray(at + HEAD_BYTES, keyEnd),
      headers: batch.toString('utf8', keyEnd, headersEnd),
      value: batch.subarray(headersEnd, valueEnd),
    })
    at = valueEnd
  }
  if (records.length !== count) throw corrupt()
  return records
}

function corrupt(): StreamError {
  return new StreamError(
    'log_corrupt',
    'A batch in the log does not decode: the file was damaged or written by something else. Restore it from a copy.',
  )
}
