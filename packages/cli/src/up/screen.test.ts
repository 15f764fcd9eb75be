import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { outputInto } from '../terminal/output.ts'
import { layoutOf } from './layout.ts'
import { partsOf } from './parts.ts'
import { DEFAULT_PORTS } from './ports.ts'
import { readyFileOf } from './ready-file.ts'
import { copyBlock, Screen } from './screen.ts'

const ticket = { ticketId: '7qmx2k', secret: '9Tz+/ß', expiresAt: '2026-01-01T00:15:00Z', user: 'agent.7qmx2k' }

describe('the start screen', () => {
  it('has a block to copy from, relative to where one stands', () => {
    const block = copyBlock({
      ticket,
      proxyPort: 15_432,
      caFile: '/src/sluice/.sluice/ca.pem',
      stateDir: '/src/sluice/.sluice',
      workingDir: '/src/sluice',
    })
    expect(block.join('\n')).toContain(
      'psql "postgresql://agent.7qmx2k@localhost:15432/shop?sslmode=verify-full&sslrootcert=.sluice/ca.pem"',
    )
    expect(block.join('\n')).toContain('select name, email, ssn from customers')
  })

  it('names the state folder in commands where it is another one', () => {
    const block = copyBlock({ ticket, proxyPort: 1, caFile: '/w/s/c', stateDir: '/w/s', workingDir: '/w' }).join('\n')
    expect(block).toContain('./sluice --state s sessions')
    expect(block).not.toContain('./sluice sessions')
  })

  it('names no verb that does not exist', () => {
    const block = copyBlock({ ticket, proxyPort: 1, caFile: '/c', stateDir: '/s', workingDir: '/w' }).join('\n')
    const main = readFileSync(join(import.meta.dirname, '../main.ts'), 'utf8')
    const named = [...block.matchAll(/\.\/sluice (?:--state \S+ )?(\w+)(?: (?<=(?:policy|mask) )(\w+))?/g)].flatMap(
      ([, verb, inner]) => (inner === undefined ? [verb] : [verb, inner]),
    )
    expect(named).toEqual(
      expect.arrayContaining(['approvals', 'approve', 'policy', 'explain', 'mask', 'plan', 'findings']),
    )
    for (const verb of named) expect(main).toMatch(new RegExp(`'${verb}( <\\w+>)?'`))
  })

  it('shows each part in a line of its own, and where the log is when one fails', () => {
    const lines: string[] = []
    const screen = new Screen(outputInto(lines))
    const message = {
      ready: true as const,
      service: 'x',
      pid: 1,
      addresses: {
        postgres: '127.0.0.1:15430',
        identity: 'https://127.0.0.1:15480',
        console: 'https://127.0.0.1:15443',
      },
      details: { version: '18.4' },
    }
    for (const part of partsOf(layoutOf('/src/sluice/.sluice'))) screen.ready(part, message)
    screen.failed('proxy', 'the port\x1b[2J is taken', '/src/sluice/.sluice/logs/proxy.log', '/src/sluice')
    expect(lines).toEqual([
      '  ✔ PostgreSQL  18.4  demo database shop, 10,000 customers  127.0.0.1:15430',
      '  ✔ identity    demo provider (OIDC)                        127.0.0.1:15480',
      '  ✔ masker      sanitises what was recorded                 /src/sluice/.sluice/log',
      '  ✔ indexer     ClickHouse embedded                         /src/sluice/.sluice/index/data',
      '  ✔ approver    counts votes, signs decisions               /src/sluice/.sluice/log',
      '  ✔ console     API for tickets, approvals and questions    127.0.0.1:15443',
      '  ✔ proxy       PostgreSQL                                  127.0.0.1:15430',
      '  ✘ proxy: the port\\x1b[2J is taken',
      '    its log: .sluice/logs/proxy.log',
    ])
  })
})

describe('the ready file', () => {
  it('has a complete libpq URL, whatever stands in secret and path', () => {
    const layout = layoutOf('/src/my clone & more/.sluice')
    const tokens = { agent: 'a', owner: 'o', admin: 'd' }
    const { postgres, caFile } = readyFileOf({
      layout,
      ports: DEFAULT_PORTS,
      ticket,
      tokens: { 'sluice:console': tokens, 'sluice:proxy': tokens },
      ready: new Map(),
    })
    const url = new URL(postgres.url)
    expect([url.username, decodeURIComponent(url.password), url.host, url.pathname]).toEqual([
      'agent.7qmx2k',
      '9Tz+/ß',
      'localhost:15432',
      '/shop',
    ])
    expect(decodeURIComponent(/sslrootcert=([^&]*)/.exec(postgres.url)?.[1] ?? '')).toBe(caFile)
    expect(postgres.url).not.toContain('+')
  })
})
