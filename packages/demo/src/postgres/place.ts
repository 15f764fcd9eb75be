/**
 * Where a server's files are. As an ordinary user: in the folder that the caller names. As root the server runs as a user
 * who can't enter that folder (Sluice's state is 0700, and may lie below a home of mode 0700), so its files are in a
 * folder of its own elsewhere, and the caller's folder keeps a pointer to it.
 */
import { spawnSync } from 'node:child_process'
import {
  chownSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve, sep } from 'node:path'
import type { PostgresBinaries } from './binaries.ts'
import { type RunAs, spawnIds } from './run-as.ts'
import { serverOn } from './server-process.ts'

export type Place = {
  /** Holds everything of this server; owned by its user, 0700. */
  readonly dir: string
  readonly data: string
}

const POINTER = 'elsewhere'
const BACK_POINTER = 'belongs-to'
const PREFIX = 'sluice-postgres-'

/** The place of the server whose state is `dir`; makes it where it does not exist. */
export function openPlace(dir: string, user: RunAs | null): Place {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  if (user === null) return { dir, data: join(dir, 'data') }
  const known = pointedTo(dir)
  if (known !== null) return { dir: known, data: join(known, 'data') }
  const root = rootElsewhere(dir)
  removeAbandoned(root)
  const made = mkdtempSync(join(root, PREFIX))
  chownSync(made, user.uid, user.gid)
  writeFileSync(join(dir, POINTER), made, { mode: 0o600 })
  // Last: without it a folder is nobody's, and is not cleared away as abandoned.
  writeFileSync(join(made, BACK_POINTER), resolve(dir), { mode: 0o600 })
  return { dir: made, data: join(made, 'data') }
}

/** The place where it exists already, as root or not; null where there is none. */
export function knownPlace(dir: string): Place | null {
  const place = pointedTo(dir) ?? dir
  return existsSync(join(place, 'data')) ? { dir: place, data: join(place, 'data') } : null
}

/** Removes the server's files and the folder that names them. The server must have stopped. */
export function removePlace(dir: string): void {
  const elsewhere = pointedTo(dir)
  if (elsewhere !== null) rmSync(elsewhere, { recursive: true, force: true })
  rmSync(dir, { recursive: true, force: true })
}

/** The binaries where the server's user can run them: as they are, or copied into its place. */
export function reachableBinaries(binaries: PostgresBinaries, place: Place, user: RunAs | null): string {
  if (user === null || canRun(binaries.dir, user)) return binaries.dir
  const copy = join(place.dir, `binaries-${binaries.version}`)
  if (existsSync(copy)) return copy
  const partial = `${copy}.partial`
  rmSync(partial, { recursive: true, force: true })
  // The folder around it is its user's alone; inside, that user must be able to read what root copies.
  const mask = process.umask(0o022)
  try {
    cpSync(binaries.dir, partial, {
      recursive: true,
      verbatimSymlinks: true,
      mode: constants.COPYFILE_FICLONE,
      filter: (source) => !source.endsWith('.a'),
    })
  } finally {
    process.umask(mask)
  }
  renameSync(partial, copy)
  return copy
}

function canRun(binariesDir: string, user: RunAs): boolean {
  const { status } = spawnSync(join(binariesDir, 'bin', 'postgres'), ['--version'], {
    ...spawnIds(user),
    cwd: '/',
    stdio: 'ignore',
    env: {},
  })
  return status === 0
}

/** Only a folder that points back is ours: a pointer that someone edited leads nowhere. */
function pointedTo(dir: string): string | null {
  try {
    const target = readFileSync(join(dir, POINTER), 'utf8')
    if (!basename(target).startsWith(PREFIX)) return null
    return readFileSync(join(target, BACK_POINTER), 'utf8') === resolve(dir) ? target : null
  } catch {
    return null
  }
}

/** Temporary state stays temporary; other state goes where programs keep theirs. */
function rootElsewhere(dir: string): string {
  if (resolve(dir).startsWith(tmpdir() + sep)) return tmpdir()
  return ['/var/lib', '/var/tmp'].find(existsSync) ?? tmpdir()
}

/** Folders whose state was deleted by hand, so that nothing points to them any more. */
function removeAbandoned(root: string): void {
  for (const name of readdirSync(root)) {
    if (!name.startsWith(PREFIX)) continue
    const candidate = join(root, name)
    const owner = readOrNull(join(candidate, BACK_POINTER))
    if (owner === null || readOrNull(join(owner, POINTER)) === candidate) continue
    if (serverOn(join(candidate, 'data')) === null) rmSync(candidate, { recursive: true, force: true })
  }
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}
