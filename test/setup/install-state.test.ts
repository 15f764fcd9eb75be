import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'

// Plain JavaScript without types: it runs before anything is installed.
type InstallStateModule = {
  readonly installState: (root: string) => string
  readonly markInstalled: (root: string) => void
  readonly satisfies: (installed: object, wanted: object) => boolean
}
const { installState, markInstalled, satisfies }: InstallStateModule = await import(
  new URL('../../scripts/install-state.mjs', import.meta.url).href
)

const LOCK = {
  packages: {
    '': {},
    'packages/cli': { version: '0.1.0' },
    'node_modules/@sluice/cli': { resolved: 'packages/cli', link: true },
    'node_modules/zod': { version: '4.6.7' },
    'node_modules/vitest': { version: '5.1.1', dev: true },
    'node_modules/@chdb/lib-darwin-x64': { version: '3.4.0', optional: true },
  },
}

function clone(): string {
  const root = mkdtempSync(join(tmpdir(), 'sluice-install-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  writeFileSync(join(root, 'package.json'), '{}')
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify(LOCK))
  return root
}

function installed(root: string, packages: object): void {
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages }))
}

const RUNTIME = { 'node_modules/zod': { version: '4.6.7' }, 'node_modules/@sluice/cli': { link: true } }

describe('what is installed', () => {
  it('is nothing in a fresh clone', () => {
    expect(installState(clone())).toBe('none')
  })

  it('is current where npm installed what the lock says, with or without tools and other platforms', () => {
    const root = clone()
    installed(root, RUNTIME)
    expect(installState(root)).toBe('current')
    installed(root, { ...RUNTIME, 'node_modules/vitest': { version: '5.1.1' } })
    expect(installState(root)).toBe('current')
  })

  it('is outdated where a version differs, a package is missing, or an install was cut off', () => {
    expect(satisfies({ ...RUNTIME, 'node_modules/zod': { version: '4.6.6' } }, LOCK.packages)).toBe(false)
    expect(satisfies({ ...RUNTIME, 'node_modules/vitest': { version: '5.1.0' } }, LOCK.packages)).toBe(false)
    expect(satisfies({}, LOCK.packages)).toBe(false)
    const root = clone()
    mkdirSync(join(root, 'node_modules'))
    expect(installState(root)).toBe('outdated')
  })

  it('is known from the marker until the lock changes', () => {
    const root = clone()
    mkdirSync(join(root, 'node_modules'))
    markInstalled(root)
    expect(installState(root)).toBe('current')
    writeFileSync(
      join(root, 'package-lock.json'),
      JSON.stringify({ packages: { ...LOCK.packages, 'node_modules/new': { version: '1.0.0' } } }),
    )
    expect(installState(root)).toBe('outdated')
  })
})
