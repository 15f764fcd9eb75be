import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { STARTER } from '@sluice/policy'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FakeConsole, startFakeConsole } from '../console/fake-console.fixture.ts'
import { EXIT_CODES } from '../failure.ts'
import { outputInto } from '../terminal/output.ts'
import { configText } from '../up/demo-config.ts'
import { layoutOf } from '../up/layout.ts'
import { DEFAULT_PORTS } from '../up/ports.ts'
import { runPolicyApply } from './apply.ts'
import { runPolicyCheck } from './check.ts'
import { runPolicyExplain } from './explain.ts'
import { runPolicyTest } from './test.ts'

let dir: string
let lines: string[]
let running: FakeConsole | null = null
const at = (...parts: string[]) => join(dir, ...parts)
const flags = () => ({ config: dir })
const context = (environment: Readonly<Record<string, string>> = {}) => ({
  output: outputInto(lines),
  environment,
  stateDir: null,
})

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-policies-'))
  lines = []
  writeFileSync(at('sluice.yaml'), configText(layoutOf(dir), DEFAULT_PORTS))
  cpSync(STARTER, at('policies'), { recursive: true })
})
afterEach(() => {
  running?.stop()
  running = null
  rmSync(dir, { recursive: true })
})

/** Changes one file of the policies. */
function change(file: string, from: string, to: string): void {
  const text = readFileSync(at('policies', file), 'utf8')
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
  writeFileSync(at('policies', file), text.replace(from, to))
}

describe('policy check', () => {
  it('finds nothing in what ships', async () => {
    expect(await runPolicyCheck(flags(), context())).toBe(EXIT_CODES.ok)
    expect(lines).toEqual([
      expect.stringMatching(/^✔ no mistakes \(policy files: 4, approval rules: 1, test cases: \d+\)$/),
    ])
  })

  it('names file, line, column, what is wrong and what to write, in policies and tests', async () => {
    change('20-agents.cedar', '@approval("data-owner")', '@approval("data-ower")')
    writeFileSync(
      at('policies/tests/a.yaml'),
      'cases:\n  - name: x\n    as: { id: a, kind: robot }\n    connection: shop\n    expect: permit\n',
    )
    writeFileSync(
      at('policies/tests/b.yaml'),
      'cases:\n  - name: x\n    as: { id: a, kind: agent }\n    connection: shoop\n    expect: permit\n',
    )
    writeFileSync(at('policies/tests/c.yaml'), 'cases: [\n')
    expect(await runPolicyCheck(flags(), context())).toBe(EXIT_CODES.failed)
    const [policy, kind, connection, syntax] = lines
    expect(policy).toMatch(/policies\/20-agents\.cedar:\d+:\d+: .*data-ower.*did you mean "data-owner"/)
    expect(kind).toMatch(/tests\/a\.yaml:3:\d+: cases\.0\.as\.kind: .*human/)
    expect(connection).toMatch(/tests\/b\.yaml:4:17: there is no connection shoop in sluice\.yaml; write one of shop$/)
    expect(syntax).toMatch(/tests\/c\.yaml:\d+:\d+: not valid YAML/)
    expect(lines.at(-1)).toBe('4 mistakes')
  })

  it('names mistakes of sluice.yaml in the same way', async () => {
    writeFileSync(at('sluice.yaml'), readFileSync(at('sluice.yaml'), 'utf8').replace('count: 1', 'count: none'))
    expect(await runPolicyCheck(flags(), context())).toBe(EXIT_CODES.failed)
    expect(lines[0]).toMatch(/sluice\.yaml:\d+: approvals\.data-owner\.count /)
  })

  it('prints no control characters of a file', async () => {
    appendFileSync(at('policies/20-agents.cedar'), '\n@id("a\u001b[2J")\npermit (principal, action, resource);\n')
    writeFileSync(at('policies/tests/a.yaml'), '"\\e[2J": 1\n')
    expect(await runPolicyCheck(flags(), context())).toBe(EXIT_CODES.failed)
    expect(lines.join('')).not.toContain('\u001b')
  })

  it.each(['prod/90-forbid.cedar', '90-forbid.CEDAR'])('passes no policy over without a word: %s', async (file) => {
    mkdirSync(at('policies/prod'))
    writeFileSync(at('policies', file), '@id("no")\nforbid (principal, action, resource);\n')
    await expect(runPolicyCheck(flags(), context())).rejects.toThrow(`${file} would not be read`)
  })

  it('says which folder it misses', async () => {
    rmSync(at('policies'), { recursive: true })
    await expect(runPolicyCheck(flags(), context())).rejects.toThrow('put *.cedar files there')
    rmSync(at('sluice.yaml'))
    await expect(runPolicyCheck(flags(), context())).rejects.toThrow('--config DIR')
  })
})

describe('policy test', () => {
  it('finds all cases that ship as expected', async () => {
    expect(await runPolicyTest(flags(), context())).toBe(EXIT_CODES.ok)
    expect(lines.at(-1)).toMatch(/^\d+ cases, all as expected$/)
  })

  it('shows expected and got for a case that is not', async () => {
    rmSync(at('policies/tests'), { recursive: true })
    mkdirSync(at('policies/tests'))
    writeFileSync(
      at('policies/tests/mine.yaml'),
      `cases:
  - { name: reads, as: { id: agent, kind: agent, groups: [agents] }, connection: shop, command: select 1, expect: permit }
  - name: drops
    as: { id: agent, kind: agent, groups: [agents] }
    connection: shop
    command: drop table customers
    expect: permit
`,
    )
    expect(await runPolicyTest(flags(), context())).toBe(EXIT_CODES.failed)
    expect(lines).toEqual([
      '✔ reads',
      expect.stringMatching(/^✘ drops .*mine\.yaml:3$/),
      expect.stringMatching(/expected permit, is deny .*DROP TABLE is not allowed on connection shop/),
      '2 cases, 1 not as expected',
    ])
  })
})

describe('policy explain', () => {
  const explain = async (sql: string, more: { as: string; groups?: string; on?: string }) => {
    lines = []
    await runPolicyExplain(sql, { ...flags(), ...more }, context())
    return lines.join('\n')
  }

  it('says of the demo’s agent what the client would see, by which policy in which line', async () => {
    const drop = await explain('drop table customers', { as: 'agent' })
    expect(drop).toMatch(/^agent \(agent, agents\) on connection shop\n/)
    expect(drop).toMatch(
      /sql:ddl on Table::"shop\/public\.customers": deny\n +forbid prod-never-drop .*90-never\.cedar:\d+/,
    )
    expect(drop).toContain('ERROR:  sluice: DROP TABLE is not allowed on connection shop')
    const update = await explain("update orders set status = 'x' where id = 7", { as: 'agent' })
    expect(update).toContain('NOTICE:  sluice: held until a person of data-owners approves (up to 10 minutes)')
    expect(update).toContain('once 1 of group data-owners agreed')
    expect(await explain('delete from orders', { as: 'agent' })).toMatch(/unfiltered +yes/)
    expect(await explain('set role postgres', { as: 'agent' })).toContain('no policy is asked')
  })

  it('says that strangers can not even connect, and what they would be with groups', async () => {
    expect(await explain('select 1', { as: 'bob' })).toContain('no session opens')
    expect(await explain('select 1', { as: 'bob', groups: 'agents, others' })).toContain('permitted by agents-read')
  })

  it('knows only the connections that there are, and decides nothing with mistakes', async () => {
    await expect(explain('select 1', { as: 'agent', on: 'toString' })).rejects.toMatchObject({
      exitCode: EXIT_CODES.notFound,
    })
    change('20-agents.cedar', '@approval("data-owner")', '@approval("nobody")')
    await expect(explain('select 1', { as: 'agent' })).rejects.toThrow('correct them first')
  })
})

describe('policy apply', () => {
  it('sends files and rules as written, and says which version is in force', async () => {
    running = await startFakeConsole(() => ({ status: 200, body: { version: 3, contentHash: 'abcdef0123456789' } }))
    expect(await runPolicyApply(flags(), context(running.environment))).toBe(EXIT_CODES.ok)
    expect(lines[0]).toBe('✔ version 3 is in force: abcdef012345')
    expect(running.asked).toHaveLength(1)
    expect(running.asked[0]).toMatchObject({
      method: 'POST',
      path: '/v1/policies',
      body: {
        approvalRules: { 'data-owner': { reviewers: ['group:data-owners'], count: 1, expires: '600s' } },
        masking: {},
      },
    })
    const { files } = (running.asked[0]?.body ?? { files: [] }) as { files: { name: string }[] }
    expect(files.map(({ name }) => name)).toContain('90-never.cedar')
    expect(files.every(({ name }) => name.endsWith('.cedar') && !name.includes('/'))).toBe(true)
  })

  it('sends nothing that has mistakes', async () => {
    running = await startFakeConsole(() => ({ status: 200, body: {} }))
    appendFileSync(at('policies/20-agents.cedar'), '\npermit (')
    expect(await runPolicyApply(flags(), context(running.environment))).toBe(EXIT_CODES.failed)
    expect(running.asked).toEqual([])
    expect(lines.at(-1)).toBe('Nothing was applied; correct them first.')
  })

  it('sends nothing that its cases contradict, unless it is told to', async () => {
    running = await startFakeConsole(() => ({ status: 200, body: { version: 3, contentHash: 'abcdef0123456789' } }))
    change('90-never.cedar', 'context.kinds.contains("DROP")', 'context.kinds.contains("DRIP")')
    expect(await runPolicyApply(flags(), context(running.environment))).toBe(EXIT_CODES.failed)
    expect(running.asked).toEqual([])
    expect(lines[0]).toMatch(/^✘ nobody drops a table in production {2}/)
    expect(lines.at(-1)).toMatch(/^Nothing was applied; correct the policies, or the cases/)
    const untested = { ...flags(), untested: true } as const
    expect(await runPolicyApply(untested, context(running.environment))).toBe(EXIT_CODES.ok)
  })
})
