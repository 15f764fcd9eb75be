import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseConfig } from '@sluice/config'
import {
  importSealingPrivateKey,
  importSealingPublicKey,
  importSigningKey,
  LocalSchemaRegistry,
  readPublicKey,
} from '@sluice/events'
import { EmbeddedLog } from '@sluice/stream'
import { publishCertificates, TrustedKeys } from '@sluice/trust'
import { describe, expect, it, onTestFinished } from 'vitest'
import { configText } from './demo-config.ts'
import { writeAtomically } from './files.ts'
import { layoutOf } from './layout.ts'
import { boundLogFiles } from './log-files.ts'
import { makeMaterials } from './materials.ts'
import { allotPorts, DEFAULT_PORTS, type PortName } from './ports.ts'
import { claimStateFolder, emptyStateFolder, openStateFolder } from './state-folder.ts'
import { takeLock } from './state-lock.ts'
import { checkPlatform, explained } from './trouble.ts'

function newLayout() {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-state-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return layoutOf(join(dir, 'state'))
}

function opened() {
  const layout = newLayout()
  claimStateFolder(layout)
  openStateFolder(layout)
  return layout
}

const modes = (dir: string): number[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true }).map(
    (entry) => statSync(join(entry.parentPath, entry.name)).mode & 0o777 & (entry.isDirectory() ? 0o077 : 0o177),
  )

describe('the state folder', () => {
  it('is for its owner alone, and the same at the second start', async () => {
    const layout = opened()
    await makeMaterials(layout)
    expect(statSync(layout.dir).mode & 0o777).toBe(0o700)
    expect(modes(layout.dir).filter((extra) => extra !== 0)).toEqual([])
    const before = readFileSync(layout.secrets.shop, 'utf8') + readFileSync(layout.server.certificate, 'utf8')
    claimStateFolder(layout)
    openStateFolder(layout)
    await makeMaterials(layout)
    expect(readFileSync(layout.secrets.shop, 'utf8') + readFileSync(layout.server.certificate, 'utf8')).toBe(before)
  })

  it('is closed again where someone opened it', () => {
    const layout = opened()
    chmodSync(layout.dir, 0o755)
    claimStateFolder(layout)
    expect(statSync(layout.dir).mode & 0o777).toBe(0o700)
  })

  it('is never one with foreign files, and those are not touched, not by --fresh either', () => {
    const layout = newLayout()
    mkdirSync(layout.dir)
    writeFileSync(join(layout.dir, 'thesis.txt'), 'years of work')
    expect(() => claimStateFolder(layout)).toThrow("not Sluice's")
    expect(readdirSync(layout.dir)).toEqual(['thesis.txt'])
    writeFileSync(`${layout.dir}-file`, '')
    expect(() => claimStateFolder(layoutOf(`${layout.dir}-file`))).toThrow('is not a folder')
  })

  it('says what to do with a damaged mark, and with another format', () => {
    const layout = opened()
    writeFileSync(layout.state, '{"slui')
    expect(() => openStateFolder(layout)).toThrow('--fresh')
    writeFileSync(layout.state, '{"sluice":99}')
    expect(() => openStateFolder(layout)).toThrow('format 99')
  })

  it('is emptied by --fresh, and begins anew', async () => {
    const layout = opened()
    await makeMaterials(layout)
    const secret = readFileSync(layout.secrets.shop, 'utf8')
    const lock = takeLock(layout.lock, layout.dir)
    onTestFinished(() => lock.release())
    await emptyStateFolder(layout)
    expect(readdirSync(layout.dir)).toEqual(['lock'])
    claimStateFolder(layout)
    openStateFolder(layout)
    await makeMaterials(layout)
    expect(readFileSync(layout.secrets.shop, 'utf8')).not.toBe(secret)
  })

  it('has one supervisor at a time', () => {
    const layout = opened()
    const lock = takeLock(layout.lock, layout.dir)
    expect(() => takeLock(layout.lock, layout.dir)).toThrow('already runs')
    lock.release()
    takeLock(layout.lock, layout.dir).release()
  })
})

describe('keys and secrets', () => {
  it('are such that the parts can use them', async () => {
    const { keys, ...layout } = opened()
    await makeMaterials({ keys, ...layout })
    const publicKey = await importSealingPublicKey(readFileSync(keys.maskerPublic))
    expect((await importSealingPrivateKey(readFileSync(keys.maskerPrivate))).keyId).toBe(publicKey.keyId)
    expect(importSigningKey(readFileSync(keys.node, 'utf8')).keyId).toMatch(/^ed25519-/)
    const approver = await importSealingPublicKey(readFileSync(keys.approverPublic))
    expect((await importSealingPrivateKey(readFileSync(keys.approverPrivate))).keyId).toBe(approver.keyId)
    expect(approver.keyId).not.toBe(publicKey.keyId)
    expect(JSON.parse(readFileSync(keys.identity, 'utf8'))).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256' })
  })

  it('are not made again where one of a pair is gone or empty: what was sealed would be lost', async () => {
    const layout = opened()
    await makeMaterials(layout)
    writeFileSync(layout.keys.node, '')
    await expect(makeMaterials(layout)).rejects.toThrow('is empty')
    rmSync(layout.keys.node)
    rmSync(layout.keys.maskerPublic)
    await expect(makeMaterials(layout)).rejects.toThrow(`${layout.keys.maskerPublic} is gone`)
  })

  it('are completed where the first start was cut off between two of a pair', async () => {
    const layout = opened()
    await makeMaterials(layout)
    rmSync(layout.keys.maskerPrivate)
    rmSync(layout.server.certificate)
    await makeMaterials(layout)
    expect(existsSync(layout.keys.maskerPrivate) && existsSync(layout.server.certificate)).toBe(true)
  })

  it('of servers are made again before they end', async () => {
    const layout = opened()
    await makeMaterials(layout)
    const before = readFileSync(layout.server.certificate, 'utf8')
    await makeMaterials(layout, Date.now() + 800 * 86_400_000)
    expect(readFileSync(layout.server.certificate, 'utf8')).not.toBe(before)
  })
})

/** What the services would trust after reading the certificates' files. */
async function trustedIn({ keys, log: dir, dir: stateDir }: ReturnType<typeof layoutOf>) {
  const log = EmbeddedLog.open(dir)
  const registry = LocalSchemaRegistry.open(join(stateDir, 'schemas.json'))
  const root = readPublicKey(readFileSync(keys.rootPublic))
  const certificates = readdirSync(keys.certificates).map((name) =>
    Buffer.from(readFileSync(join(keys.certificates, name), 'latin1'), 'base64'),
  )
  await publishCertificates({ log, registry, root, certificates, source: 'test' })
  const trusted = await TrustedKeys.open({ log, registry, root, onIncident: () => {} })
  const roles = trusted.list().map(({ keyId, role, name }) => [role, name, keyId])
  await trusted.close()
  await log.close()
  return roles.toSorted(([a = ''], [b = '']) => a.localeCompare(b))
}

describe('certificates', () => {
  const idOf = (file: string) => importSigningKey(readFileSync(file, 'utf8')).keyId
  const expected = ({ keys }: ReturnType<typeof layoutOf>) => [
    ['approver', 'approver', idOf(keys.approver)],
    ['console', 'console', idOf(keys.console)],
    ['masker', 'masker', idOf(keys.maskerSigning)],
    ['node', 'demo-node', idOf(keys.node)],
  ]

  it('are there for each service, under the root key, in files named by the key', async () => {
    const layout = opened()
    await makeMaterials(layout)
    expect(await trustedIn(layout)).toEqual(expected(layout))
    expect(readdirSync(layout.keys.certificates)).toContain(`${idOf(layout.keys.node)}.cert`)
  })

  it('are made in a folder of an earlier version, whose keys stay', async () => {
    const layout = opened()
    const { root, rootPublic, certificates, console, approver, approverPublic, approverPrivate, node } = layout.keys
    await makeMaterials(layout)
    const before = readFileSync(node, 'utf8')
    for (const file of [root, rootPublic, console, approver, approverPublic, approverPrivate]) rmSync(file)
    rmSync(certificates, { recursive: true })
    rmSync(layout.policies, { recursive: true })
    rmSync(layout.trust, { recursive: true })
    openStateFolder(layout)
    await makeMaterials(layout)
    expect(readFileSync(node, 'utf8')).toBe(before)
    expect(await trustedIn(layout)).toEqual(expected(layout))
    expect(existsSync(layout.trust)).toBe(true)
  })

  it('follow a key that was replaced, and a new root', async () => {
    const layout = opened()
    await makeMaterials(layout)
    rmSync(layout.keys.console)
    await makeMaterials(layout)
    const consoleKey = idOf(layout.keys.console)
    expect(await trustedIn(layout)).toContainEqual(['console', 'console', consoleKey])
    rmSync(layout.keys.root)
    rmSync(layout.keys.rootPublic)
    rmSync(layout.log, { recursive: true })
    openStateFolder(layout)
    await makeMaterials(layout)
    expect(await trustedIn(layout)).toEqual(expected(layout))
  })
})

describe('the policies', () => {
  it('are the starter set at first, and the owner’s after that', async () => {
    const layout = opened()
    await makeMaterials(layout)
    const starter = join(import.meta.dirname, '../../../policy/starter')
    const files = (dir: string) =>
      readdirSync(dir, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
        .toSorted()
    expect(files(layout.policies)).toEqual(files(starter))
    writeFileSync(join(layout.policies, 'own.cedar'), 'mine')
    await makeMaterials(layout)
    expect(files(layout.policies)).toEqual([...files(starter), 'own.cedar'].toSorted())
  })
})

const ALL_FREE = Object.fromEntries(Object.keys(DEFAULT_PORTS).map((name) => [name, 0])) as Record<PortName, number>

describe('ports', () => {
  it('are all different where free ones are taken', async () => {
    const ports = Object.values(await allotPorts(ALL_FREE))
    expect(new Set(ports).size).toBe(Object.keys(DEFAULT_PORTS).length)
  })

  it('that people type are refused where they are taken; others give way', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void other.close())
    const { port } = other.address() as { port: number }
    await expect(allotPorts({ ...ALL_FREE, proxy: port })).rejects.toThrow(`port ${port} (proxy) is taken`)
    await expect(allotPorts({ ...ALL_FREE, console: port })).rejects.toThrow('--console-port')
    expect((await allotPorts({ ...ALL_FREE, demoPostgres: port })).demoPostgres).not.toBe(port)
  })
})

describe('the demo configuration', () => {
  it('is one that the services accept', async () => {
    const layout = layoutOf('/srv/it has "spaces"/.sluice')
    const config = parseConfig(configText(layout, DEFAULT_PORTS), layout.config)
    expect(config.tls.key).toBe(layout.server.key)
    expect(config.keys.maskerPrivate).toBe(layout.keys.maskerPrivate)
    expect(config.keys).toMatchObject({ root: layout.keys.rootPublic, certificates: layout.keys.certificates })
    expect([config.trust.dir, config.policies.dir]).toEqual([layout.trust, layout.policies])
    expect(config.approvals['data-owner']).toMatchObject({ reviewers: ['group:data-owners'], expires: 600_000 })
    expect(config.health.approver.port).toBe(15_494)
    expect(config.clickhouse).toMatchObject({
      password: `file:${layout.indexPassword}`,
      embedded: { path: layout.indexData },
    })
    expect(config.connections['shop']).toMatchObject({ port: 15_430, demo: true, tls: { mode: 'verify-full' } })
    expect(config.identity.issuers).toMatchObject([{ issuer: 'https://127.0.0.1:15480', demo: true }])
  })
})

describe('files', () => {
  it('are written whole or not at all', () => {
    const { dir } = opened()
    writeAtomically(join(dir, 'f'), 'one')
    expect(() => writeAtomically(join(dir, 'log'), 'a folder is in the way')).toThrow('EISDIR')
    expect(readFileSync(join(dir, 'f'), 'utf8')).toBe('one')
    expect(readdirSync(dir).filter((name) => name.endsWith('.partial') && name.startsWith('f'))).toEqual([])
  })

  it('of logs are cut when they grow, and one older part is kept', () => {
    const { logs } = opened()
    writeFileSync(join(logs, 'a.log'), 'x'.repeat(101))
    writeFileSync(join(logs, 'b.log'), 'x'.repeat(100))
    boundLogFiles(logs, 100)
    expect([statSync(join(logs, 'a.log')).size, statSync(join(logs, 'a.log.1')).size]).toEqual([0, 101])
    expect(readdirSync(logs).toSorted()).toEqual(['a.log', 'a.log.1', 'b.log'])
  })
})

describe('trouble', () => {
  it.each(['ENOSPC', 'EROFS', 'EACCES', 'ENOTDIR', 'EMFILE', 'ENOMEM'])('is explained: %s', (code) => {
    const error = Object.assign(new Error(code), { code, path: '/srv/.sluice/x' })
    expect(explained(error, '/srv/.sluice')).toMatchObject({ name: 'CliFailure', exitCode: 1 })
  })

  it('with the platform is said at once', () => {
    expect(() => checkPlatform('win32-x64')).toThrow('WSL')
    expect(() => checkPlatform('linux-x64')).not.toThrow()
  })
})
