import { readFileSync } from 'node:fs'
import type { ClickHouseClient } from '@clickhouse/client'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { audit, idOf, SESSION_START_MICROS, sessionOf } from '../../../indexer/src/audit.fixture.ts'
import { foldBlock } from '../../../indexer/src/fold/fold-block.ts'
import { startTestEngine, type TestEngine } from '../../../indexer/src/index.fixture.ts'
import { ClickHouseIndex } from '../../../indexer/src/ingest/index-store.ts'
import { EVASIONS } from './evasions.fixture.ts'
import { ANALYST_LIMITS, runAnalystSql } from './run-analyst-sql.ts'
import { checkText } from './sql-text-check.ts'
import { tokenize } from './sql-tokens.ts'

let test: TestEngine
const run = (query: string, limits = ANALYST_LIMITS) => runAnalystSql(test.client, query, 'sluice', limits)

beforeAll(async () => {
  test = await startTestEngine()
  const denied = audit('d', 0, {
    kind: 'finished',
    requestId: idOf('d'),
    actions: ['sql:ddl'],
    resources: ['shop/public.customers'],
    decision: {
      effect: 'deny',
      policyIds: ['never-drop'],
      policyVersion: 'v1',
      reasonCode: 'x',
      approvalId: null,
      grantId: null,
    },
    outcome: { status: 'refused', code: '42501', rows: 0, bytes: 0, durationMicros: 1 },
    text: 'drop table customers',
  })
  const records = [...sessionOf('a', 3), denied].map((event, offset) => ({
    topic: 't',
    partition: 0,
    time: SESSION_START_MICROS,
    offset,
    value: Buffer.from('x'),
    headers: '{}',
    audit: event,
  }))
  await new ClickHouseIndex(test.client).insert(
    { topic: 't', partition: 0, first: 0, last: 8, digest: '' },
    foldBlock(records, new Map()).rows,
  )
})
afterAll(() => test.close())

const QUESTIONS: readonly (readonly [string, number])[] = [
  ["select subject, count() from commands where decision = 'deny' group by subject", 1],
  ['select 1', 1],
  ['SELECT * FROM commands', 4],
  ['select * from sluice.commands limit 2;', 2],
  ['select c.subject, s.state from commands as c join sessions s using (session_id)', 4],
  ["select c.text from commands c left join access a on a.command_id = c.command_id and a.how = 'read'", 4],
  [
    'with recent as (select * from commands where time > now() - interval 1 year), n as (select count() as n from recent) select n >= 0 from n',
    1,
  ],
  ["select text from commands where text ilike '%customers%' and session_id in (select session_id from sessions)", 4],
  [
    "select subject, countIf(decision = 'deny') as denied, uniqExact(session_id), quantile(0.5)(duration_us) from commands group by subject order by denied desc",
    1,
  ],
  [
    'select toStartOfHour(time) as hour, count() from events group by hour order by hour with fill step interval 1 hour',
    1,
  ],
  [
    'select row_number() over (partition by subject order by time), sum(rows) over w from commands window w as (order by time rows between unbounded preceding and current row)',
    4,
  ],
  [
    "select case when decision = 'deny' then 'no' else 'yes' end as answer, count(*) from commands group by all having count(*) > 0",
    2,
  ],
  ['select distinct connection from access union all select connection from sessions', 3],
  ['select count(distinct subject), sum(rows) filter (where rows > 0), max(duration_ms) from commands', 1],
  ["select * except (record, headers) from events where has(actions, 'sql:read')", 6],
  ['select arrayJoin(actions) as action, count() from commands group by action', 2],
  ["select -- a comment\n 'it''s; \\'format\\'' /* settings */, \"subject\", `connection` from commands limit 1", 1],
  ['(select 1 as a) union all (select 2)', 2],
  [
    "select (select count() from commands) as n, cast(1 as Nullable(String)), (1, 2).1, [1, 2][1], date_diff('day', now(), today())",
    1,
  ],
  ['select * from denied', 1],
  ['select * from agents', 1],
  ['select * from objects', 1],
  ['select * from access_by_day', 2],
  ['select * from open_sessions', 1],
  ['select * from session_gaps', 0],
  ['select * from statements', 4],
  ['select * from queries', 4],
  ['select * from denials', 1],
  ['select * from failed', 0],
  ['select * from reads', 3],
  ['select * from writes', 1],
  ['select * from subjects', 1],
  ['select * from unfinished', 0],
  ['select * from access', 4],
]

describe('an analyst may ask', { timeout: 60_000 }, () => {
  it.each(QUESTIONS)('%s', async (query, count) => {
    expect((await run(query)).rows).toHaveLength(count)
  })

  const page = readFileSync(new URL('../../../../infra/clickhouse/questions.md', import.meta.url), 'utf8')
  const ready = [...page.matchAll(/## (.+)\n```sql\n([^`]+)```/g)].map(
    ([, title = '', query = '']) => [title, query] as const,
  )
  it.each(ready)('the ready question: %s', async (_, query) => {
    expect((await run(query)).columns.length).toBeGreaterThan(0)
  })

  it('and gets names, types, and integers of 64 bits as strings', async () => {
    expect(await run("select subject, count() from commands where decision = 'deny' group by subject")).toEqual({
      columns: [
        { name: 'subject', type: 'LowCardinality(String)' },
        { name: 'count()', type: 'UInt64' },
      ],
      rows: [['agent', '1']],
      truncated: false,
    })
  })
})

describe('the gate refuses', { timeout: 60_000 }, () => {
  it.each(EVASIONS.map((query) => [query.slice(0, 120), query] as const))('%s', async (_, query) => {
    // Refused by the gate, or no SQL at all; never answered.
    await expect(run(query)).rejects.toSatisfy(
      (error: { code?: string; type?: string }) =>
        error.code === 'query_refused' || error.type === 'SYNTAX_ERROR' || error.type === 'BAD_ARGUMENTS',
    )
  })

  it('what it refuses with a reason that names the thing', async () => {
    await expect(run('select hostName()')).rejects.toThrow('hostName is not among the functions')
    await expect(run('select * from system.users')).rejects.toThrow(
      'system.users is not a table of the index; there are access, ',
    )
    await expect(run("select * from file('/etc/passwd')")).rejects.toThrow('file is not among the functions')
    await expect(run('select 1; select 2')).rejects.toThrow('only one statement')
    await expect(run('select 1 settings max_threads = 1')).rejects.toThrow('SETTINGS is not taken here')
  })

  it('a connection that is not in the database of the index', async () => {
    await expect(runAnalystSql(test.client, 'select 1', 'other')).rejects.toMatchObject({ code: 'query_refused' })
  })

  it('even what the tree does not show: the text alone stops every function that is not listed', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('hostName', '`hostName`', '"sleep"', 'FILE', 'url', 'dictGet'),
        fc.constantFrom('', ' ', '\n', '/**/', '-- x\n', '\t/* a */ '),
        (name, space) => {
          const read = tokenize(`select count() over (order by ${name}${space}(1)) from commands`)
          expect(read.ok && checkText(read.tokens).ok).toBe(false)
        },
      ),
    )
  })

  it('any text without crashing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const read = tokenize(text)
        expect(() => read.ok && checkText(read.tokens)).not.toThrow()
      }),
    )
  })
})

describe('a question is bounded', { timeout: 60_000 }, () => {
  it('in rows, and says so', async () => {
    const answer = await run('select * from commands', { ...ANALYST_LIMITS, maxRows: 2 })
    expect([answer.rows.length, answer.truncated]).toEqual([2, true])
    expect((await run('select * from commands limit 1', { ...ANALYST_LIMITS, maxRows: 2 })).truncated).toBe(false)
  })

  it('in time', async () => {
    const heavy =
      'select count() from events a, events b, events c, events d, events e, events f, events g, events h, events i'
    await expect(run(heavy, { ...ANALYST_LIMITS, maxMs: 1_000 })).rejects.toMatchObject({ type: 'TIMEOUT_EXCEEDED' })
  })

  it('in memory and in the size of its answer', async () => {
    const limits = { ...ANALYST_LIMITS, maxMemoryBytes: 20_000_000, maxResultBytes: 100_000 }
    const memory =
      'select uniqExact(a.event_id, b.event_id, c.event_id, d.event_id, e.event_id, f.event_id) from events a, events b, events c, events d, events e, events f'
    await expect(run(memory, limits)).rejects.toMatchObject({ type: 'MEMORY_LIMIT_EXCEEDED' })
    await expect(run("select leftPad('x', 1000000)", limits)).rejects.toMatchObject({ type: 'TOO_MANY_ROWS_OR_BYTES' })
    await expect(run('select leftPad(text, 100000) from commands', limits)).rejects.toMatchObject({
      type: 'TOO_MANY_ROWS_OR_BYTES',
    })
  })

  it('and leaves nothing behind on the connection', async () => {
    await run('select 1')
    const client: ClickHouseClient = test.client
    await client.command({ query: 'CREATE TABLE IF NOT EXISTS afterwards (a UInt8) ENGINE = MergeTree ORDER BY a' })
    await expect(client.command({ query: 'DROP TABLE afterwards' })).resolves.toBeDefined()
  })
})
