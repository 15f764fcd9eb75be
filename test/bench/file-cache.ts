// A virtual machine whose host takes unused memory back pays the host for each page that it touches anew, here several
// times what writing the page costs. A server that has been up for a day has no such pages: its file cache is full.

import { closeSync, openSync, readSync, truncateSync, writeFileSync } from 'node:fs'
import { totalmem } from 'node:os'
import { join } from 'node:path'

const READ_BYTES = 2 ** 20

/** Fills the file cache by reading the holes of a file in `dir`, which has to stay while the cache is wanted. */
export const fillFileCache = (dir: string): void => {
  const file = join(dir, 'holes')
  const size = totalmem()
  // Made anew each time: its pages may be all that the machine kept.
  writeFileSync(file, '')
  truncateSync(file, size)
  const buffer = Buffer.allocUnsafe(READ_BYTES)
  const fd = openSync(file, 'r')
  try {
    for (let at = 0; at < size; at += READ_BYTES) readSync(fd, buffer, 0, READ_BYTES, at)
  } finally {
    closeSync(fd)
  }
}
