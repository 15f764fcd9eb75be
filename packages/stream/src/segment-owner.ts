// Who wrote a journal last, and whether it was closed in order: a small file beside the segments, replaced as a whole.

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { bootIdentity } from './boot-identity.ts'
import { isMissing, syncDirectory } from './segment-format.ts'

const FILE = 'owner.json'

/** Whether the last writer ended with this boot of the machine or before it, and without closing. */
export function lostPower(directory: string): boolean {
  let text: string
  try {
    text = readFileSync(join(directory, FILE), 'utf8')
  } catch (error) {
    if (isMissing(error)) return true
    throw error
  }
  try {
    const { boot, closed } = JSON.parse(text) as { boot?: unknown; closed?: unknown }
    return closed !== true && boot !== bootIdentity()
  } catch {
    return true
  }
}

/** Notes on the disk that this boot of the machine writes the journal, or has closed it. */
export function noteOwner(directory: string, closed: boolean): void {
  const file = join(directory, FILE)
  const fd = openSync(`${file}.new`, 'w', 0o600)
  try {
    writeSync(fd, `${JSON.stringify({ boot: bootIdentity(), closed })}\n`)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
  renameSync(`${file}.new`, file)
  syncDirectory(directory)
}
