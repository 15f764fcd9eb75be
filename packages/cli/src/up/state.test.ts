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
import { importSealingPrivateKey, importSealingPublicKey, importSigningKey } from '@sluice/events'
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
