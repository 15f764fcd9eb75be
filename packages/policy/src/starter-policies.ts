// The set that ships: the default of a new installation, and the examples of the guide.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PolicyFile } from '@sluice/events'

/** The folder: *.cedar, and tests/*.yaml. */
export const STARTER: string = fileURLToPath(new URL('../starter/', import.meta.url))

export async function readStarterPolicies(): Promise<PolicyFile[]> {
  const names = (await readdir(STARTER)).filter((name) => name.endsWith('.cedar')).sort()
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(STARTER, name), 'utf8') })))
}
