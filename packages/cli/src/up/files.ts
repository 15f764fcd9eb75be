/** Files of the state folder: for their owner only, and never half written. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'

export function writeAtomically(file: string, content: string | Buffer): void {
  const partial = `${file}.${process.pid}.partial`
  rmSync(partial, { force: true })
  const descriptor = openSync(partial, 'wx', 0o600)
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    for (let written = 0; written < bytes.length; ) written += writeSync(descriptor, bytes, written)
    fsyncSync(descriptor)
  } catch (error) {
    rmSync(partial, { force: true })
    throw error
  } finally {
    closeSync(descriptor)
  }
  renameSync(partial, file)
}
