// Tells one boot of the machine from the next. Within a boot what was written is in the system's memory at least; after
// one that didn't end in order, the disk may have lost the end of a file that readers have seen.

import { readFileSync } from 'node:fs'
import { uptime } from 'node:os'

/** After a power cut offsets go on this much higher: readers may have seen records that the disk has not. */
export const OFFSETS_LOST_AT_MOST = 2 ** 24

export function bootIdentity(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  } catch {
    const minutes = Math.round((Date.now() / 1000 - uptime()) / 60)
    return `booted at minute ${minutes}`
  }
}
