/** What a server that was not stopped leaves behind: a pid file, and perhaps the server itself. */
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { knownPlace } from './place.ts'
import { pidFileIn, serverOn } from './server-process.ts'

/** How long each way of stopping may take before the next, harder one. */
const PATIENCE_MS = 4_000
const POLL_MS = 20

/** Makes sure that no server runs on the state of `dir`, whose parent may have been killed. */
export async function stopLeftoverPostgres(dir: string, patienceMs = PATIENCE_MS): Promise<void> {
  const place = knownPlace(dir)
  if (place !== null && serverOn(place.data) !== null) await clearLeftover(place.data, patienceMs)
}

/** Stops a server that still runs on this data (its parent was killed), and removes a stale pid file. */
export async function clearLeftover(data: string, patienceMs = PATIENCE_MS): Promise<void> {
  const pid = serverOn(data)
  if (pid !== null) {
    // Fast shutdown first; the immediate one only where that does not help.
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) {
      if (await endsAfter(pid, signal, patienceMs)) break
    }
  }
  rmSync(pidFileIn(data), { force: true })
}

async function endsAfter(pid: number, signal: NodeJS.Signals, patienceMs: number): Promise<boolean> {
  const deadline = Date.now() + patienceMs
  try {
    process.kill(pid, signal)
    while (Date.now() < deadline) {
      process.kill(pid, 0)
      await sleep(POLL_MS)
    }
    return false
  } catch {
    return true
  }
}
