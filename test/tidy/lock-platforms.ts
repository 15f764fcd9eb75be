// Optional packages that exist once per platform. A registry may lack one of them; npm 11 and 12 then refuse the lock
// ("Missing: … from lock file") on every machine. An entry without an integrity hash satisfies them, and is never
// downloaded where its platform doesn't match.

export type LockedPackage = {
  readonly version?: string
  readonly dev?: boolean
  readonly optional?: boolean
  readonly resolved?: string
  readonly link?: boolean
  readonly hasInstallScript?: boolean
  readonly integrity?: string
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export type Lock = { readonly packages: Readonly<Record<string, LockedPackage>> }

export type MissingPlatform = { readonly dependent: string; readonly name: string; readonly version: string }

const OS_OF: Readonly<Record<string, string>> = {
  android: 'android',
  darwin: 'darwin',
  freebsd: 'freebsd',
  linux: 'linux',
  openharmony: 'openharmony',
  win32: 'win32',
  windows: 'win32',
}
const CPUS = ['arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64']
const LIBC_OF: Readonly<Record<string, string>> = {
  gnu: 'glibc',
  gnueabihf: 'glibc',
  musl: 'musl',
  musleabihf: 'musl',
}

/** The folders that Node looks into from a locked path, innermost first. */
const candidates = (from: string, name: string): string[] => {
  const parts = from.split('/node_modules/')
  const paths = parts.map((_, i) => `${parts.slice(0, parts.length - i).join('/node_modules/')}/node_modules/${name}`)
  return [...paths, `node_modules/${name}`]
}

/** Optional dependencies for which the lock holds no entry of the wanted version. */
export const missingPlatforms = (lock: Lock): MissingPlatform[] => {
  const missing: MissingPlatform[] = []
  for (const [dependent, { optionalDependencies = {} }] of Object.entries(lock.packages)) {
    for (const [name, range] of Object.entries(optionalDependencies)) {
      const version = range.replace(/^[\^~]/, '')
      const found = candidates(dependent, name).find((path) => lock.packages[path] !== undefined)
      const isPlatform = platformOf(name) !== undefined
      if (found === undefined || (isPlatform && lock.packages[found]?.version !== version)) {
        missing.push({ dependent, name, version })
      }
    }
  }
  return missing
}

/** What npm needs to know of a platform's package, read from its name (`…-linux-arm64-musl`). */
export const platformOf = (name: string): Pick<LockedPackage, 'os' | 'cpu' | 'libc'> | undefined => {
  const words = name.slice(name.indexOf('/') + 1).split('-')
  const os = words.map((word) => OS_OF[word]).find((word) => word !== undefined)
  const cpu = words.find((word) => CPUS.includes(word))
  if (os === undefined || cpu === undefined) return undefined
  const libc = words.map((word) => LIBC_OF[word]).find((word) => word !== undefined)
  return { os: [os], cpu: [cpu], ...(libc !== undefined && os === 'linux' ? { libc: [libc] } : {}) }
}

/** The lock with an entry for each missing platform; existing entries stay as they are. */
export const completeLock = (lock: Lock): Lock => {
  const packages: Record<string, LockedPackage> = { ...lock.packages }
  for (const { dependent, name, version } of missingPlatforms(lock)) {
    const platform = platformOf(name)
    if (platform === undefined) throw new Error(`can't tell the platform of ${name}`)
    const top = `node_modules/${name}`
    const path = packages[top] === undefined || packages[top].version === version ? top : `${dependent}/${top}`
    const dev = lock.packages[dependent]?.dev === true
    // In npm's own order of keys, so that its next write changes nothing.
    const { os = [], cpu = [], libc } = platform
    packages[path] ??= { version, cpu, ...(dev && { dev }), ...(libc && { libc }), optional: true, os }
  }
  const sorted = Object.fromEntries(Object.entries(packages).sort(([a], [b]) => a.localeCompare(b, 'en')))
  return { ...lock, packages: sorted }
}
