// A copy of bytes in which some are replaced by others, of any length: one allocation for a whole run of rows, and one
// copy for everything between two replaced fields.

/** Measured: up to here a loop is faster than a call. */
const LOOP_BYTES = 16
/** Room for what a short run grows by. */
const SLACK_BYTES = 256
/** Of the first run; then what the run before grew by, and a little. */
const FIRST_EXPANSION = 1.2
const MARGIN = 1.05

const NOTHING = Buffer.alloc(0)

export class SplicedBytes {
  #source: Buffer = NOTHING
  #out: Buffer = NOTHING
  #at = 0
  /** Up to where the source was copied or replaced. */
  #from = 0
  #expansion = FIRST_EXPANSION

  begin(source: Buffer): void {
    this.#source = source
    this.#out = NOTHING
    this.#at = 0
    this.#from = 0
  }

  /** Where the source's byte at `position`, which is not replaced, stands or will stand in the copy. */
  placeOf(position: number): number {
    return this.#at + position - this.#from
  }

  /** Copies what stands before `position` and was not replaced, and makes room for `bytes` behind it. */
  keepUntil(position: number, bytes: number): void {
    const kept = position - this.#from
    const end = this.#at + kept + bytes
    if (end > this.#out.length) this.#grow(end)
    const [source, out, at, from] = [this.#source, this.#out, this.#at, this.#from]
    if (kept > LOOP_BYTES) source.copy(out, at, from, position)
    else for (let index = 0; index < kept; index++) out[at + index] = source[from + index] as number
    this.#at = at + kept
    this.#from = position
  }

  /** What stood in the source up to `position` was replaced. */
  skipTo(position: number): void {
    this.#from = position
  }

  /** Needs room. */
  add(bytes: Buffer): void {
    const out = this.#out
    const at = this.#at
    const length = bytes.length
    if (length > LOOP_BYTES) bytes.copy(out, at)
    else for (let index = 0; index < length; index++) out[at + index] = bytes[index] as number
    this.#at = at + length
  }

  /** Needs room. */
  addByte(byte: number): void {
    this.#out[this.#at++] = byte
  }

  /** Needs room. */
  addInt32(value: number): void {
    this.putInt32(this.#at, value)
    this.#at += 4
  }

  /** Over what is already in the copy. */
  putInt32(place: number, value: number): void {
    const out = this.#out
    out[place] = value >>> 24
    out[place + 1] = value >>> 16
    out[place + 2] = value >>> 8
    out[place + 3] = value
  }

  /** The copy; the source itself where nothing was replaced. */
  finish(): Buffer {
    const source = this.#source
    let spliced = source
    if (this.#out.length > 0) {
      this.keepUntil(source.length, 0)
      spliced = this.#out.subarray(0, this.#at)
      this.#expansion = Math.max(1, this.#at / source.length) * MARGIN
    }
    this.begin(NOTHING)
    return spliced
  }

  #grow(end: number): void {
    const expected = end + Math.ceil((this.#source.length - this.#from) * this.#expansion) + SLACK_BYTES
    const grown = Buffer.allocUnsafe(expected)
    this.#out.copy(grown, 0, 0, this.#at)
    this.#out = grown
  }
}

const FIRST_SCRATCH_BYTES = 1024

/** Memory that is used again and again for one value at a time. */
export class ScratchBytes {
  bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_SCRATCH_BYTES)

  /** At least so many; what they held before is overwritten. */
  ofSize(count: number): Buffer {
    if (count > this.bytes.length) this.bytes = Buffer.allocUnsafeSlow(Math.max(count, 2 * this.bytes.length))
    return this.bytes
  }
}

/** Whether that part of `bytes` is `marker`. */
export function isSame(bytes: Buffer, start: number, end: number, marker: Buffer): boolean {
  if (end - start !== marker.length) return false
  for (let index = 0; index < marker.length; index++) if (bytes[start + index] !== marker[index]) return false
  return true
}
