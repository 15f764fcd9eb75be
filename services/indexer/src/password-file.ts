// The embedded engine's password: made at first start, readable by its owner only.

import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ConfigInvalid } from '@sluice/events'

/**
 * Makes the file behind a `file:` reference where it is missing; other references are left to whoever set them.
 * @throws ConfigInvalid `secret_exposed` where others than its owner may read it.
 */
export async function ensurePasswordFile(reference: string): Promise<void> {
  if (!reference.startsWith('file:')) return
  const path = reference.slice('file:'.length)
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  try {
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(`${randomBytes(32).toString('base64url')}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await chmod(path, 0o600)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    const { mode } = await stat(path)
    if ((mode & 0o077) !== 0) {
      throw new ConfigInvalid(
        'secret_exposed',
        `${path} holds the index's password and others may read it; run: chmod 600 ${path}`,
      )
    }
  }
}
