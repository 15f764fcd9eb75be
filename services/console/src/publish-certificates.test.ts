import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateSigningKey, importSigningKey, LocalSchemaRegistry, nowMicros, publicKeyPem } from '@sluice/events'
import { EmbeddedLog } from '@sluice/stream'
import { issueCertificate, readRootKey, TrustedKeys } from '@sluice/trust'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CertificateFiles, publishCertificateFiles } from './publish-certificates.ts'

const newKey = () => importSigningKey(generateSigningKey())
const root = newKey()

let dir: string
let files: CertificateFiles & { readonly log: EmbeddedLog }
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-certificates-'))
  const log = EmbeddedLog.open(join(dir, 'log'))
  const registry = LocalSchemaRegistry.open(join(dir, 'schemas.json'))
  files = { log, registry, root: join(dir, 'root.pub'), certificates: join(dir, 'certificates'), nodeId: 'node-1' }
  mkdirSync(files.certificates)
  writeFileSync(files.root, publicKeyPem(root.publicKey))
})
afterEach(async () => {
  await files.log.close()
  rmSync(dir, { recursive: true, force: true })
})

async function put(name: string, signer = root): Promise<string> {
  const key = newKey()
  const facts = { key, role: 'approver', name: 'approver', validFrom: 0, validUntil: null } as const
  const value = await issueCertificate(signer, facts, { version: 1, previous: null, time: nowMicros() })
  writeFileSync(join(files.certificates, name), `${value.toString('base64')}\n`)
  return key.keyId
}

describe('certificates in a folder', () => {
  it('are published once, whatever else lies there', async () => {
    const keyId = await put('a.cert')
    writeFileSync(join(files.certificates, 'README'), 'nothing')
    expect(await publishCertificateFiles(files)).toEqual({ published: 1 })
    expect(await publishCertificateFiles(files)).toEqual({ published: 0 })
    const { log, registry } = files
    const keys = await TrustedKeys.open({ log, registry, root: await readRootKey(files.root), onIncident: () => {} })
    expect(await keys.find(keyId, 'approver', nowMicros())).not.toBeNull()
    await keys.close()
  })

  it.each<[string, () => unknown, string, RegExp]>([
    ['of another root', () => put('b.cert', newKey()), 'certificate_invalid', /certificates is no certificate.*root/s],
    ['that is none', () => writeFileSync(join(files.certificates, 'b.cert'), '?'), 'certificate_invalid', /b\.cert/],
    ['that is empty', () => writeFileSync(join(files.certificates, 'b.cert'), ''), 'certificate_invalid', /b\.cert/],
    [
      'that is too large',
      () => writeFileSync(join(files.certificates, 'b.cert'), 'AAAA'.repeat(3000)),
      'certificate_invalid',
      /b\.cert/,
    ],
    ['that is a folder', () => mkdirSync(join(files.certificates, 'b.cert')), 'certificates_unreadable', /b\.cert/],
    ['without a folder', () => rmSync(files.certificates, { recursive: true }), 'certificates_unreadable', /ENOENT/],
    ['without a root key', () => rmSync(files.root), 'root_key', /root\.pub.*ENOENT/],
    ['with a private root key', () => writeFileSync(files.root, generateSigningKey()), 'root_key', /root\.pub/],
  ])('stop the start: %s', async (_what, spoil, code, message) => {
    await put('a.cert')
    await spoil()
    const starting = publishCertificateFiles(files)
    await expect(starting).rejects.toThrow(message)
    await expect(starting).rejects.toThrow(expect.objectContaining({ name: 'ConfigInvalid', code }))
  })
})
