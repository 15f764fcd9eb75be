/** Keys, certificates and secrets of an installation: made at the first start, kept after that. */
import { randomBytes, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import type { Authority } from '@sluice/identity'
import { CliFailure } from '../failure.ts'
import { certifyKeys, removeCertificates } from './certificates.ts'
import { writeAtomically } from './files.ts'
import type { Layout } from './layout.ts'
import { copyStarterPolicies } from './starter-policies.ts'

const SECRET_BYTES = 24
const MASKING_KEY_BYTES = 32
const DAY_MS = 86_400_000
/** Server certificates are made again this long before they end. */
const RENEW_BEFORE_MS = 30 * DAY_MS
const NAMES = { names: ['localhost'], ips: ['127.0.0.1', '::1'] }

export async function makeMaterials(layout: Layout, now = Date.now()): Promise<void> {
  const { keys, secrets } = layout
  for (const file of [...Object.values(secrets), layout.indexPassword]) {
    await once([file], () => [randomBytes(SECRET_BYTES).toString('base64url')])
  }
  await once([keys.masking], () => [randomBytes(MASKING_KEY_BYTES).toString('base64url')])
  for (const file of [keys.node, keys.maskerSigning, keys.console, keys.approver]) {
    await once([file], async () => [(await events()).generateSigningKey()])
  }
  await once([keys.identity], async () => [JSON.stringify((await import('@sluice/demo')).newSigningKey())])
  for (const pair of [
    [keys.maskerPublic, keys.maskerPrivate],
    [keys.approverPublic, keys.approverPrivate],
  ]) {
    await once(pair, async () => {
      const { publicKey, privateKey } = await (await events()).generateSealingKeyPair()
      return [publicKey, privateKey]
    })
  }
  await once([keys.rootPublic, keys.root], async () => {
    removeCertificates(keys.certificates)
    const { generateSigningKey, importSigningKey, publicKeyPem } = await events()
    const pem = generateSigningKey()
    return [publicKeyPem(importSigningKey(pem).publicKey), pem]
  })
  await certifyKeys(keys, now)
  copyStarterPolicies(layout.policies)
  for (const files of [layout.server, layout.upstream]) {
    if (!missing([files.key, files.certificate]) && !endsSoon(files.certificate, now)) continue
    const { issueServerCertificate } = await import('@sluice/identity')
    const made = await issueServerCertificate(await authorityIn(layout), NAMES)
    writeAtomically(files.key, made.key)
    writeAtomically(files.certificate, made.certificate)
  }
}

/** What makes keys is loaded only where one is missing: a second start need not wait for it. */
function events(): Promise<typeof import('@sluice/events')> {
  return import('@sluice/events')
}

async function authorityIn({ authority, authorityKey }: Layout): Promise<Authority> {
  await once([authorityKey, authority], async () => {
    const made = await (await import('@sluice/identity')).createAuthority('Sluice demo CA')
    return [made.key, made.certificate]
  })
  return { certificate: readFileSync(authority, 'utf8'), key: readFileSync(authorityKey, 'utf8') }
}

type Contents = readonly (string | Buffer)[]

/** Writes files that belong together, where none of them is there. */
async function once(files: readonly string[], make: () => Contents | Promise<Contents>): Promise<void> {
  if (!missing(files)) return
  for (const [index, content] of (await make()).entries()) writeAtomically(files[index] ?? '', content)
}

/** @throws CliFailure where only some of the files are there, or one is empty: guessing would lose what was sealed with them */
function missing(files: readonly string[]): boolean {
  const there = files.filter(existsSync)
  const empty = there.find((file) => statSync(file).size === 0)
  if (empty !== undefined) throw new CliFailure(`${empty} is empty; put it back, or begin anew with --fresh`)
  if (there.length === files.length) return false
  // The last one is written last: without it the set was cut off while it was made, and is made again.
  const last = files.at(-1) ?? ''
  if (there.includes(last)) {
    const gone = files.find((file) => !there.includes(file))
    throw new CliFailure(`${gone} is gone, but ${last} is there; put it back, or begin anew with --fresh`)
  }
  return true
}

function endsSoon(certificateFile: string, now: number): boolean {
  try {
    return new X509Certificate(readFileSync(certificateFile)).validToDate.getTime() - now < RENEW_BEFORE_MS
  } catch (cause) {
    throw new CliFailure(`${certificateFile} is damaged; begin anew with --fresh`, undefined, { cause })
  }
}
