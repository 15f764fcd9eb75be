/** What a server that was not stopped leaves behind: a pid file, and perhaps the server itself. */
import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { knownPlace } from './place.ts'

const STOP_MS = 4_000
const POLL_MS = 20

/** Makes sure that no server runs on the state of `dir`, whose parent may have been killed. */
export async function stopLeftoverPostgres(dir: string): Promise<void> {
  const place = knownPlace(dir)
  if (place !== null) await clearLeftover(place.data)
}

/** Stops a server that still runs on this data (its parent was killed), and removes a stale pid file. */
export async function clearLeftover(data: string): Promise<void> {
  const pidFile = join(data, 'postmaster.pid')
  const pid = pidIn(pidFile)
  if (pid !== null && isPostgresOn(pid, data)) {
    // Fast shutdown first; the immediate one only where that does not help.
    for (const signal of ['SIGINT', 'SIGQUIT', 'SIGKILL'] as const) if (await endsAfter(pid, signal)) break
  }
  rmSync(pidFile, { force: true })
}

function pidIn(pidFile: string): number | null {
  try {
    const pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10)
    return Number.isSafeInteger(pid) && pid > 1 ? pid : null
  } catch {
    return null
  }
}

/** The number may belong to another program by now; only a postgres with this data directory is ours. */
function isPostgresOn(pid: number, data: string): boolean {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`) === data
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)])
      .toString()
      .includes(data)
  } catch {
    return false
  }
}

async function endsAfter(pid: number, signal: NodeJS.Signals): Promise<boolean> {
  const deadline = Date.now() + STOP_MS
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
