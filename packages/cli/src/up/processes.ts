/**
 * The processes of this run, on disk. After a kill -9 the children end by themselves when their channel closes, but they
 * need a moment, and a new start must not meet them: it waits for them, and kills what does not end.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { writeAtomically } from './files.ts'
import type { Layout } from './layout.ts'

const WAIT_MS = 5_000
const POLL_MS = 50

type Entry = { readonly name: string; readonly pid: number }

export class ProcessList {
  readonly #layout: Layout
  readonly #entries = new Map<string, number>()

  constructor(layout: Layout) {
    this.#layout = layout
  }

  add(name: string, pid: number): void {
    this.#entries.set(name, pid)
    const entries: Entry[] = [...this.#entries].map(([each, of]) => ({ name: each, pid: of }))
    writeAtomically(this.#layout.processes, `${JSON.stringify({ supervisor: process.pid, children: entries })}\n`)
  }

  clear(): void {
    rmSync(this.#layout.processes, { force: true })
  }
}

/** Waits until the children of a killed supervisor have ended. The caller holds the lock, so none of them is anybody's. */
export async function endLeftovers(layout: Layout): Promise<void> {
  let left = leftovers(layout)
  const deadline = Date.now() + WAIT_MS
  while (left.length > 0 && Date.now() < deadline) {
    await sleep(POLL_MS)
    left = left.filter((pid) => isOurs(pid, layout))
  }
  for (const pid of left) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended in this moment.
    }
  }
  while (left.some((pid) => isOurs(pid, layout))) await sleep(POLL_MS)
}

function leftovers(layout: Layout): number[] {
  try {
    const { children }: { children: Entry[] } = JSON.parse(readFileSync(layout.processes, 'utf8'))
    return children.map(({ pid }) => pid).filter((pid) => Number.isSafeInteger(pid) && pid > 1 && isOurs(pid, layout))
  } catch {
    return []
  }
}

/** By now the number may be another program's: only one that was started with a file of this folder is ours. */
function isOurs(pid: number, { config, demoSettings }: Layout): boolean {
  const words = commandLine(pid)
  return words !== null && (words.includes(config) || words.includes(demoSettings))
}

function commandLine(pid: number): string | null {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)]).toString()
  } catch {
    return null
  }
}
