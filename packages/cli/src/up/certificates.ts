/** Certificates of the services' keys, under the root key of this installation. */
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { KeyRole } from '@sluice/events'
import { writeAtomically } from './files.ts'
import { type Layout, NODE_ID } from './layout.ts'

const SUFFIX = '.cert'

type Certified = { readonly role: KeyRole; readonly name: string; readonly file: string }

/** Makes the certificate of each key that has none. */
export async function certifyKeys(keys: Layout['keys'], nowMs: number): Promise<void> {
  const certified: readonly Certified[] = [
    { role: 'node', name: NODE_ID, file: keys.node },
    { role: 'console', name: 'console', file: keys.console },
    { role: 'approver', name: 'approver', file: keys.approver },
    { role: 'masker', name: 'masker', file: keys.maskerSigning },
  ]
  if (areYounger(keys.certificates, certified)) return
  const [{ importSigningKey }, { issueCertificate }] = await Promise.all([
    import('@sluice/events'),
    import('@sluice/trust'),
  ])
  const root = importSigningKey(readFileSync(keys.root, 'utf8'))
  const there = new Set(readdirSync(keys.certificates))
  const now = nowMs * 1_000
  for (const { role, name, file } of certified) {
    const key = importSigningKey(readFileSync(file, 'utf8'))
    const certificate = `${key.keyId}${SUFFIX}`
    if (there.has(certificate)) continue
    const value = await issueCertificate(
      root,
      { key, role, name, validFrom: now, validUntil: null },
      { version: 1, previous: null, time: now },
    )
    writeAtomically(join(keys.certificates, certificate), `${value.toString('base64')}\n`)
  }
}

/** Under another root they are worth nothing. */
export function removeCertificates(folder: string): void {
  for (const file of filesIn(folder)) rmSync(file)
}

/** Whether there are as many as there are keys, made after the last of these: then nothing needs to be loaded to look. */
function areYounger(folder: string, certified: readonly Certified[]): boolean {
  const made = filesIn(folder).map((file) => statSync(file).mtimeMs)
  const youngestKey = Math.max(...certified.map(({ file }) => statSync(file).mtimeMs))
  return made.length >= certified.length && Math.min(...made) >= youngestKey
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .map((name) => join(folder, name))
}
