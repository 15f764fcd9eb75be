// Positions in a text: PostgreSQL's trees count UTF-8 bytes, JavaScript counts UTF-16 code units.

/** Turns byte offsets into positions; quick where they are asked in rising order. */
export class ByteOffsets {
  readonly #text: string
  /** Null where each character is one byte. */
  readonly #bytes: Buffer | null
  #byte = 0
  #position = 0

  constructor(text: string) {
    this.#text = text
    this.#bytes = Buffer.byteLength(text, 'utf8') === text.length ? null : Buffer.from(text, 'utf8')
  }

  /** The UTF-16 position of the character that begins at this byte; null where none does and the text doesn't end there. */
  positionOf(byte: number): number | null {
    const bytes = this.#bytes
    if (!Number.isInteger(byte) || byte < 0) return null
    if (bytes === null) return byte <= this.#text.length ? byte : null
    if (byte > bytes.length || isContinuation(bytes[byte])) return null
    if (byte < this.#byte) {
      this.#byte = 0
      this.#position = 0
    }
    this.#position += bytes.toString('utf8', this.#byte, byte).length
    this.#byte = byte
    return this.#position
  }

  byteOf(position: number): number {
    return this.#bytes === null ? position : Buffer.byteLength(this.#text.slice(0, position), 'utf8')
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}
