/** The children's log files, kept from growing without end: the older half of what is kept is in `NAME.log.1`. */
import { copyFileSync, readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'

export const MAX_LOG_BYTES = 16 * 1_048_576
const CHECK_MS = 30_000

/** Children append to an open file, so it is copied and cut, not renamed. */
export function boundLogFiles(dir: string, maxBytes = MAX_LOG_BYTES): void {
  for (const name of readdirSync(dir)) {
    const file = join(dir, name)
    if (!name.endsWith('.log') || statSync(file).size <= maxBytes) continue
    try {
      copyFileSync(file, `${file}.1`)
    } finally {
      // Where there was no room for the copy, the room is needed all the more.
      truncateSync(file)
    }
  }
}

/** @returns stops the watch */
export function watchLogFiles(dir: string): () => void {
  const timer = setInterval(() => {
    try {
      boundLogFiles(dir)
    } catch {
      // Out of space or of files: the next round tries again, and no part depends on it.
    }
  }, CHECK_MS)
  timer.unref()
  return () => clearInterval(timer)
}
