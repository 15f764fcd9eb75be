// Wakes a reader when files in directories change. The watch exists only while somebody waits: a writer under load
// doesn't pay for waking readers that are awake anyway.

import { type FSWatcher, watch } from 'node:fs'

export class DirectoryBell {
  #watchers: FSWatcher[] = []
  #rung = false
  #ring: (() => void) | undefined

  /** From now on changes are noticed: look for data after this and before `wait`, and none is missed. */
  arm(directories: Iterable<string>): void {
    this.disarm()
    for (const directory of directories) {
      try {
        const watcher = watch(directory, () => this.#changed())
        watcher.on('error', () => watcher.close())
        this.#watchers.push(watcher)
      } catch {
        // Out of watches, or a file system without them: the caller's timeout wakes the reader.
      }
    }
  }

  /** Resolves on a change since `arm`, after `ms`, or when `signal` is aborted, and stops watching. */
  async wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if (!this.#rung && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const end = (): void => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', end)
          resolve()
        }
        const timer = setTimeout(end, ms)
        signal?.addEventListener('abort', end)
        this.#ring = end
      })
    }
    this.disarm()
  }

  /** Ends a wait, and the watch. */
  disarm(): void {
    this.#rung = false
    for (const watcher of this.#watchers) watcher.close()
    this.#watchers = []
    this.#ring?.()
    this.#ring = undefined
  }

  #changed(): void {
    this.#rung = true
    this.#ring?.()
  }
}
