// Bytes of which some are replaced by others, of any length. As long as it gets shorter that happens where they are: their
// memory goes on and is given back as if nothing had been replaced. Then, one allocation for all the rest; and one copy
// for everything between two replaced fields.

/** Measured: up to here a loop is faster than a call. */
const LOOP_BYTES = 16
/** Room for what a short run grows by. */
const SLACK_BYTES = 256
/** Of what is not replaced yet; then what the run before grew by, and a little. */
const FIRST_EXPANSION = 1.2
const MARGIN = 1.05

const NOTHING = Buffer.alloc(0)

export class SplicedBytes {
  #source: Buffer = NOTHING
  /** The source itself, until it would have to be written over where it was not read yet. */
  #out: Buffer = NOTHING
  #at = 0
  /** Up to where the source was kept or replaced. */
  #from = 0
  #expansion = FIRST_EXPANSION

  /** `source` belongs to whoever gets the result: it is written over. */
  begin(source: Buffer): void {
    this.#source = source
    this.#out = source
    this.#at = 0
    this.#from = 0
  }

  /** Where the source's byte at `position`, which is not replaced, stands or will stand in the result. */
  placeOf(position: number): number {
    return this.#at + position - this.#from
  }

  /** What stands from `position` to `end` is replaced: keeps what stands before it, and makes room for so many `bytes`. */
  replace(position: number, end: number, bytes: number): void {
    const kept = position - this.#from
    const needed = this.#at + kept + bytes
    if (needed > (this.#out === this.#source ? end : this.#out.length)) this.#grow(needed)
    this.#keep(kept)
    this.#from = end
  }

  #keep(count: number): void {
    const [source, out, at, from] = [this.#source, this.#out, this.#at, this.#from]
    this.#at = at + count
    if (count <= LOOP_BYTES)
      for (let index = 0; index < count; index++) out[at + index] = source[from + index] as number
    else if (out !== source) source.copy(out, at, from, from + count)
    else if (at !== from) out.copyWithin(at, from, from + count)
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

  /** Over what is already in the result. */
  putInt32(place: number, value: number): void {
    const out = this.#out
    out[place] = value >>> 24
    out[place + 1] = value >>> 16
    out[place + 2] = value >>> 8
    out[place + 3] = value
  }

  /** The result; the source as it is where nothing was replaced. */
  finish(): Buffer {
    const source = this.#source
    const rest = source.length - this.#from
    if (this.#out !== source && this.#at + rest > this.#out.length) this.#grow(this.#at + rest)
    this.#keep(rest)
    const result = this.#at === this.#out.length ? this.#out : this.#out.subarray(0, this.#at)
    if (source.length > 0) this.#expansion = Math.max(1, this.#at / source.length) * MARGIN
    this.begin(NOTHING)
    return result
  }

  #grow(needed: number): void {
    const expected = needed + Math.ceil((this.#source.length - this.#from) * this.#expansion) + SLACK_BYTES
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

/** Bytes that are not written over where `run` is. */
export function ownBytes(bytes: Buffer, run: Buffer): Buffer {
  return bytes.buffer === run.buffer ? Buffer.from(bytes) : bytes
}
