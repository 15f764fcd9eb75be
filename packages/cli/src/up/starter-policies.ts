/** The policies of a new installation: a copy of the starter set, which is the owner's from then on. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { writeAtomically } from './files.ts'
import { ROOT } from './layout.ts'

const STARTER = join(ROOT, 'packages/policy/starter')

/** Does nothing where the folder is there, whatever is in it. */
export function copyStarterPolicies(folder: string): void {
  if (existsSync(folder)) return
  // A copy that was cut off must not pass for the owner's.
  const partial = `${folder}.partial`
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial, { mode: 0o700 })
  for (const entry of readdirSync(STARTER, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const from = join(entry.parentPath, entry.name)
    const to = join(partial, from.slice(STARTER.length + 1))
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 })
    writeAtomically(to, readFileSync(from))
  }
  renameSync(partial, folder)
}
