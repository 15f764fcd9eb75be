// Avro primitives written straight into a buffer, for the one record that is written on every frame. The callers have
// made sure of the room. `frame-writer.test.ts` compares what comes out with avsc.

/** Room that any number needs at most. */
export const MAX_LONG_BYTES = 9

/** Room that a string needs at most. */
export function stringRoom(text: string): number {
  return MAX_LONG_BYTES + text.length * 3
}

/** Writes a zigzag varint; returns its end. */
export function writeLong(target: Buffer, position: number, value: number): number {
  let at = position
  if (value >= 0 && value < 0x4000_0000) {
    let rest = value << 1
    while (rest > 0x7f) {
      target[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    target[at++] = rest
    return at
  }
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  while (rest > 0x7f) {
    target[at++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  target[at++] = rest
  return at
}

/** A string of up to this many UTF-8 bytes has a length of one byte. */
const ONE_BYTE_LENGTH = 63
const MAX_ASCII = 0x7f

export function writeString(target: Buffer, position: number, text: string): number {
  const { length } = text
  if (length <= ONE_BYTE_LENGTH) {
    // Nearly all are short and ASCII: a loop then costs less than a call.
    let at = 0
    for (; at < length; at++) {
      const code = text.charCodeAt(at)
      if (code > MAX_ASCII) break
      target[position + 1 + at] = code
    }
    if (at === length) {
      target[position] = length << 1
      return position + 1 + length
    }
  }
  const at = writeLong(target, position, Buffer.byteLength(text))
  return at + target.write(text, at)
}

export function writeBytes(target: Buffer, position: number, bytes: Buffer): number {
  const at = writeLong(target, position, bytes.length)
  target.set(bytes, at)
  return at + bytes.length
}

export function writeOptionalString(target: Buffer, position: number, text: string | null): number {
  if (text === null) {
    target[position] = 0
    return position + 1
  }
  target[position] = 2
  return writeString(target, position + 1, text)
}

export function writeArray<T>(
  target: Buffer,
  position: number,
  items: readonly T[],
  writeItem: (target: Buffer, position: number, item: T) => number,
): number {
  let at = position
  if (items.length > 0) {
    at = writeLong(target, at, items.length)
    for (const item of items) at = writeItem(target, at, item)
  }
  target[at] = 0
  return at + 1
}
