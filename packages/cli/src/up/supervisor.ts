/** Starts all parts, keeps them running, stops them; says what happens to whoever shows it. */
import type { ReadyMessage } from '@sluice/service'
import { Child, type ChildSettings } from './child.ts'
import type { Part, PartName } from './parts.ts'

/** Everything is down within five seconds; the rest of them is for what the last child leaves behind. */
export const STOP_MS = 4_300

export type ReadyParts = ReadonlyMap<PartName, ReadyMessage>

export class Supervisor {
  readonly #children: readonly { readonly part: Part; readonly child: Child }[]

  constructor(parts: readonly Part[], settings: ChildSettings) {
    this.#children = parts.map((part) => ({ part, child: new Child(part, settings) }))
  }

  /**
   * Starts all at the same time; each waits for what it needs by itself.
   * @param onReady called in the order of the parts, so that a screen grows from the top
   * @throws ChildNotStarted of the first that could not start; the others still run then, and have to be stopped
   */
  async start(onReady: (part: Part, message: ReadyMessage) => void): Promise<ReadyParts> {
    const starting = this.#children.map(({ part, child }) => ({ part, message: child.start() }))
    const failed = Promise.all(starting.map(({ message }) => message))
    failed.catch(() => undefined)
    const ready = new Map<PartName, ReadyMessage>()
    for (const { part, message } of starting) {
      // The first failure of any part counts, not that of the part whose turn it is.
      const own = await Promise.race([message, failed.then(() => message)])
      ready.set(part.name, own)
      onReady(part, own)
    }
    return ready
  }

  async stop(deadlineMs = STOP_MS): Promise<void> {
    await Promise.all(this.#children.map(({ child }) => child.stop(deadlineMs)))
  }

  logFileOf(name: string): string | undefined {
    return this.#children.find(({ part }) => part.name === name)?.child.logFile
  }
}
