/** The parts that `sluice up` runs, in the order in which the screen names them. */
import { join } from 'node:path'
import type { ReadyMessage } from '@sluice/service'
import type { ChildSpec } from './child.ts'
import { type Layout, ROOT } from './layout.ts'

export type PartName = 'demo-postgres' | 'demo-identity' | 'masker' | 'indexer' | 'approver' | 'console' | 'proxy'

export type Part = ChildSpec & {
  readonly name: PartName
  readonly title: string
  /** What the screen says once it is ready: what it is, and where. */
  readonly describe: (ready: ReadyMessage) => { readonly what: string; readonly where: string }
}

const service = (name: string) => join(ROOT, 'services', name, 'src/main.ts')
const demo = (file: string) => join(ROOT, 'packages/demo/src', file)
const shownFolder = (dir: string) => (dir.startsWith(`${ROOT}/`) ? dir.slice(ROOT.length + 1) : dir)
const hostAndPort = (address: string | undefined) => (address ?? '').replace(/^https?:\/\//, '')

export function partsOf(layout: Layout): readonly Part[] {
  const { config: configFile, demoSettings } = layout
  return [
    {
      name: 'demo-postgres',
      title: 'PostgreSQL',
      main: demo('postgres-main.ts'),
      configFile: demoSettings,
      describe: ({ addresses, details }) => ({
        what: `${details['version']}  demo database shop, 10,000 customers`,
        where: hostAndPort(addresses['postgres']),
      }),
    },
    {
      name: 'demo-identity',
      title: 'identity',
      main: demo('identity-main.ts'),
      configFile: demoSettings,
      describe: ({ addresses }) => ({ what: 'demo provider (OIDC)', where: hostAndPort(addresses['identity']) }),
    },
    {
      name: 'masker',
      title: 'masker',
      main: service('masker'),
      configFile,
      background: true,
      describe: () => ({ what: 'sanitises what was recorded', where: shownFolder(layout.log) }),
    },
    {
      name: 'indexer',
      title: 'indexer',
      main: service('indexer'),
      configFile,
      background: true,
      describe: ({ details }) => ({
        what: `ClickHouse ${details['clickhouse'] ?? 'embedded'}`,
        where: shownFolder(layout.indexData),
      }),
    },
    {
      name: 'approver',
      title: 'approver',
      main: service('approver'),
      configFile,
      describe: () => ({ what: 'counts votes, signs decisions', where: shownFolder(layout.log) }),
    },
    {
      name: 'console',
      title: 'console',
      main: service('console'),
      configFile,
      describe: ({ addresses }) => ({
        what: 'API for tickets, approvals and questions',
        where: hostAndPort(addresses['console']),
      }),
    },
    {
      name: 'proxy',
      title: 'proxy',
      main: service('proxy'),
      configFile,
      describe: ({ addresses }) => ({ what: 'PostgreSQL', where: hostAndPort(addresses['postgres']) }),
    },
  ]
}
