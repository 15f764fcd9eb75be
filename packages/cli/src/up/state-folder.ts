/** The state folder: made, checked, or begun anew. Nothing that isn't surely Sluice's is ever deleted. */
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { CliFailure } from '../failure.ts'
import { writeAtomically } from './files.ts'
import type { Layout } from './layout.ts'

const FORMAT = 1
const MIB = 1_048_576
/** What a first start writes, and what a later one should find free. */
export const FIRST_START_MIB = 400
export const LATER_START_MIB = 50

/** Makes the folder where there is none, and makes sure that it is ours; touches nothing in a foreign one. */
export function claimStateFolder(layout: Layout): void {
  const kind = kindOf(layout.dir)
  if (kind === 'other')
    throw new CliFailure(`${layout.dir} is not a folder; move it away, or choose another with --state DIR`)
  if (kind === 'none') mkdirSync(layout.dir, { recursive: true, mode: 0o700 })
  checkOwner(layout)
  if (contentOf(layout).length > 0 && !existsSync(layout.state)) {
    throw new CliFailure(
      `${layout.dir} has files in it that are not Sluice's; nothing was touched. Choose another folder with --state DIR`,
    )
  }
  chmodSync(layout.dir, 0o700)
}

/** `--fresh`: deletes what earlier starts made. The caller holds the lock, whose file stays. */
export async function emptyStateFolder(layout: Layout): Promise<void> {
  const { removePostgres } = await import('@sluice/demo')
  removePostgres(layout.postgres)
  // The mark goes last: cut off before, the next --fresh still knows whose folder it is.
  for (const name of contentOf(layout)) {
    if (name !== 'state.json') rmSync(join(layout.dir, name), { recursive: true, force: true })
  }
  rmSync(layout.state, { force: true })
}

/** Checks the mark, or sets it in a new folder, and makes the folders inside. The caller holds the lock. */
export function openStateFolder(layout: Layout): void {
  const known = existsSync(layout.state)
  checkSpace(layout.dir, known ? LATER_START_MIB : FIRST_START_MIB)
  if (known) checkMark(layout)
  else writeAtomically(layout.state, `${JSON.stringify({ sluice: FORMAT })}\n`)
  for (const folder of layout.folders) mkdirSync(folder, { recursive: true, mode: 0o700 })
}

function contentOf({ dir }: Layout): readonly string[] {
  return readdirSync(dir).filter((name) => name !== 'lock')
}

function kindOf(dir: string): 'none' | 'folder' | 'other' {
  try {
    return lstatSync(dir).isDirectory() ? 'folder' : 'other'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'none'
    throw error
  }
}

function checkOwner({ dir }: Layout): void {
  const { uid } = lstatSync(dir)
  const me = process.getuid?.()
  if (me !== undefined && uid !== me) {
    throw new CliFailure(
      `${dir} belongs to another user (uid ${uid}, you are ${me}); start as that user, or choose another folder with --state DIR`,
    )
  }
}

function checkSpace(dir: string, neededMib: number): void {
  const { bavail, bsize } = statfsSync(dir)
  const freeMib = Math.floor((bavail * bsize) / MIB)
  if (freeMib >= neededMib) return
  throw new CliFailure(
    `the disk is nearly full: ${dir} has ${freeMib} MB left, and this needs ${neededMib}; make room, or choose another folder with --state DIR`,
  )
}

function checkMark({ dir, state }: Layout): void {
  let format: unknown
  try {
    format = JSON.parse(readFileSync(state, 'utf8')).sluice
  } catch (cause) {
    throw new CliFailure(
      `${state} is damaged; begin anew with --fresh (what was recorded there is deleted)`,
      undefined,
      { cause },
    )
  }
  if (format !== FORMAT) {
    throw new CliFailure(
      `${dir} was made by another version of Sluice (format ${String(format)}, this one has ${FORMAT}); begin anew with --fresh, or choose another folder with --state DIR`,
    )
  }
}
