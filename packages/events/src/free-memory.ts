// Memory of large buffers is given back at once, not when the garbage collector gets there: it counts such memory as
// pressure and collects the whole heap for it, which costs more than what is done with the bytes.

/** Frees what `bytes` holds, if it is all of its memory; `bytes` and every view of it are empty then. */
export function freeMemory(bytes: Buffer): void {
  const memory = bytes.buffer
  if (memory instanceof ArrayBuffer && memory.byteLength === bytes.length) memory.transfer(0)
}
