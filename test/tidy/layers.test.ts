// Dependencies point one way: services → protocols → session → policy → events. Nothing else constructs or configures.

import { describe, expect, it } from 'vitest'
import { codeFiles, importsOf, isTest, read, target, textFiles, withoutComments, workspaceOf } from './sources.ts'

/** What each package may import; a service may import every package but the command line and the demo. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  events: [],
  stream: ['events'],
  identity: ['events'],
  config: ['events', 'mask', 'policy'],
  service: ['events'],
  policy: ['events', 'mask'],
  sql: ['events', 'policy'],
  mask: ['events'],
  trust: ['events', 'stream'],
  session: ['events', 'policy', 'stream'],
  demo: ['config', 'events', 'identity', 'service'],
  cli: ['config', 'demo', 'events', 'identity', 'mask', 'policy', 'service', 'session', 'sql', 'stream', 'trust'],
}
const NOT_FOR_SERVICES = ['cli', 'demo']
const SERVICES = ['approver', 'console', 'indexer', 'masker', 'notary', 'proxy']
const PROTOCOLS = ['http', 'kubernetes', 'postgres', 'ssh']

/** Calls that bring a part to life. Only the entry points below may make them, and tests. */
const CONSTRUCTIONS =
  /\b(?:new EmbeddedLog|EmbeddedLog\.open|Journal\.open|LocalSchemaRegistry\.open|startHealthServer|runService)\(/
const ENTRY_POINTS = [
  /^services\/[^/]+\/src\/(?:.+\/)?main\.ts$/,
  /^packages\/cli\/src\//,
  /^packages\/demo\/src\/[^/]+-main\.ts$/,
]

/** Who may read the environment: the configuration, the command line and demo (documented variables), the installers. */
const MAY_READ_ENVIRONMENT = [/^packages\/(?:config|cli|demo)\/src\//, /^scripts\//, /^sluice$/, /^test\//]

const modules = codeFiles()
  .filter((file) => workspaceOf(file) !== undefined)
  .map((file) => ({ file, code: read(file) }))
  .map((module) => ({ ...module, imports: importsOf(module.code) }))

const violations = (rule: (module: (typeof modules)[number]) => readonly string[]): readonly string[] =>
  modules.flatMap((module) => rule(module).map((what) => `${module.file}: ${what}`))

describe('layers', () => {
  it('sees the modules and their imports', () => {
    expect(modules.length).toBeGreaterThan(20)
    expect(
      importsOf("import {\n  a,\n} from './a.ts'\nimport './b.ts'\nexport * from './c.ts'\nawait import('./d.ts')"),
    ) //
      .toEqual(['./a.ts', './b.ts', './c.ts', './d.ts'])
    expect(importsOf("// import './a.ts'\nconst url = 'https://example.org' // './b.ts'")).toEqual([])
  })

  it('imports only what lies below', () => {
    const upward = violations(({ file, imports }) => {
      const [kind = '', own = ''] = file.split('/')
      return imports.filter((specifier) => {
        const name = /^@sluice\/([^/]+)/.exec(specifier)?.[1]
        if (name === undefined || name === own) return false
        if (SERVICES.includes(name)) return true
        if (kind === 'services') return NOT_FOR_SERVICES.includes(name) && !isTest(file)
        return !(isTest(file) || (MAY_IMPORT[own] ?? []).includes(name))
      })
    })
    expect(upward).toEqual([])
  })

  it('knows every workspace', () => {
    const known = new Set([
      ...Object.keys(MAY_IMPORT).map((name) => `packages/${name}`),
      ...SERVICES.map((name) => `services/${name}`),
    ])
    const unknown = textFiles()
      .map(workspaceOf)
      .filter((workspace) => workspace !== undefined && !known.has(workspace))
    expect(unknown).toEqual([])
  })

  it('enters another workspace by its index only', () => {
    const deep = violations(({ file, imports }) =>
      imports.filter((specifier) => {
        if (specifier.startsWith('@sluice/')) return specifier.split('/').length > 2
        return specifier.startsWith('.') && workspaceOf(target(file, specifier)) !== workspaceOf(file) && !isTest(file)
      }),
    )
    expect(deep).toEqual([])
  })

  it('keeps the protocols apart, and the session free of them', () => {
    const protocolOf = (file: string): string | undefined => {
      const folder = /^services\/proxy\/src\/([^/]+)\//.exec(file)?.[1]
      return folder !== undefined && PROTOCOLS.includes(folder) ? folder : undefined
    }
    const crossing = violations(({ file, imports }) => {
      const own = protocolOf(file)
      if (own === undefined) return []
      return imports.filter((specifier) => {
        const other = specifier.startsWith('.') ? protocolOf(target(file, specifier)) : undefined
        return other !== undefined && other !== own
      })
    })
    expect(crossing).toEqual([])
  })

  it('constructs parts in entry points only', () => {
    const constructed = modules
      .filter(({ file }) => !isTest(file) && !ENTRY_POINTS.some((entry) => entry.test(file)))
      .filter(({ file, code }) => {
        // Where a function is declared it isn't called.
        const calls = withoutComments(code).replace(/\bfunction \w+\(/g, '')
        return CONSTRUCTIONS.test(calls) && !/^packages\/(?:stream|service|events)\/src\//.test(file)
      })
    expect(constructed.map(({ file }) => file)).toEqual([])
  })

  it('reads the environment in the configuration only', () => {
    const readers = codeFiles().filter(
      (file) =>
        /\bprocess\s*\.\s*env\b|\bprocess\['env'\]|\{[^}]*\benv\b[^}]*\} = process\b/.test(
          withoutComments(read(file)),
        ) &&
        !isTest(file) &&
        !MAY_READ_ENVIRONMENT.some((allowed) => allowed.test(file)),
    )
    expect(readers).toEqual([])
  })

  it('names the extension in every relative import', () => {
    const bare = codeFiles().flatMap((file) =>
      importsOf(read(file))
        .filter((specifier) => /^\.{1,2}(\/|$)/.test(specifier) && !/\.(ts|js|mjs|cjs|json)$/.test(specifier))
        .map((specifier) => `${file}: ${specifier}`),
    )
    expect(bare).toEqual([])
  })
})
