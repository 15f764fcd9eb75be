/**
 * PostgreSQL refuses to run as root. Where Sluice does, the server runs as an unprivileged user of the operating system
 * that exists already; none is made.
 */
import { execFileSync } from 'node:child_process'
import { ConfigInvalid } from '@sluice/events'

export type RunAs = { readonly name: string; readonly uid: number; readonly gid: number }

const UNPRIVILEGED_USERS = ['nobody', 'postgres', 'daemon'] as const

/** Null where this process is not root: the server then runs as the same user. */
export function unprivilegedUser(): RunAs | null {
  if (process.getuid?.() !== 0) return null
  for (const name of UNPRIVILEGED_USERS) {
    const ids = lookUp(name)
    if (ids !== null && ids.uid !== 0) return ids
  }
  throw new ConfigInvalid(
    'postgres_user',
    `PostgreSQL does not run as root, and there is no user ${UNPRIVILEGED_USERS.join(' or ')} to run it as; start as another user`,
  )
}

/** For spawn; nothing where the user stays the same. */
export function spawnIds(user: RunAs | null): { uid?: number; gid?: number } {
  return user === null ? {} : { uid: user.uid, gid: user.gid }
}

function lookUp(name: string): RunAs | null {
  const id = (flag: string) =>
    Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }).toString())
  try {
    return { name, uid: id('-u'), gid: id('-g') }
  } catch {
    return null
  }
}
