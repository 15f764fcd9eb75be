/** Whether a server runs on a data directory, whoever started it. */
import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'

export function pidFileIn(data: string): string {
  return join(data, 'postmaster.pid')
}

/** The process id of the server on this data; null where none runs, whatever a stale pid file says. */
export function serverOn(data: string): number | null {
  const pid = pidIn(pidFileIn(data))
  return pid !== null && isPostgresOn(pid, data) ? pid : null
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
