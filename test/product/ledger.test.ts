// What was asked through the proxy, and what is found of it in the end: every statement once, whatever died meanwhile,
// and no value that was planted anywhere but where it belongs.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { eventually, Place, type Run } from '../up/running.ts'

const PLANTED = {
  ssn: '219-09-9999',
  card: '4111111111111111',
  email: 'planted.person@example.net',
  note: 'a-note-nobody-may-see',
} as const
const ROUNDS = 4
const STATEMENTS_A_ROUND = 50
const SETTLED_MS = 60_000

const place = new Place()
let run: Run
let index: ClickHouseClient

beforeAll(async () => {
  run = await place.up()
  const { clickhouse } = parse(readFileSync(join(place.state, 'sluice.yaml'), 'utf8')) as {
    clickhouse: { url: string; user: string; password: string; database: string }
  }
  const password = readFileSync(join(place.state, clickhouse.password.replace(/^file:/, '')), 'utf8').trim()
  index = createClient({ url: clickhouse.url, username: clickhouse.user, password, database: clickhouse.database })
}, 150_000)

afterAll(async () => {
  await index?.close()
  await place.remove()
}, 30_000)

async function connect(): Promise<pg.Client> {
  const deadline = performance.now() + SETTLED_MS
  for (;;) {
    const client = new pg.Client({ connectionString: run.ready.postgres.url, application_name: PLANTED.ssn })
    client.on('error', () => undefined)
    try {
      await client.connect()
      return client
    } catch (error) {
      if (performance.now() > deadline) throw error
    }
  }
}

async function rows<T>(query: string): Promise<T[]> {
  const result = await index.query({ query, format: 'JSONEachRow' })
  return result.json<T>()
}

/** What runs now as the given part; restarted ones have other process ids than at the start. */
function pidOf(part: Part): number {
  const running = (main: string): number => {
    const found = place.processes().find((pid) => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(main))
    if (found === undefined) throw new Error(`${part} does not run`)
    return found
  }
  if (part !== 'engine') return running(`${part}/src/main.ts`)
  // The engine knows no path but what the indexer tells it.
  const children = readFileSync(
    `/proc/${running('indexer/src/main.ts')}/task/${running('indexer/src/main.ts')}/children`,
    'utf8',
  )
  return Number(children.trim().split(' ')[0])
}

type Part = 'engine' | 'indexer' | 'masker' | 'proxy'

describe('the ledger', { timeout: 180_000 }, () => {
  it('has every statement exactly once, although each part was killed meanwhile', async () => {
    const victims: readonly Part[] = ['engine', 'indexer', 'masker', 'proxy']
    let answered = 0
    for (let round = 0; round < ROUNDS; round++) {
      const client = await connect()
      for (let statement = 0; statement < STATEMENTS_A_ROUND; statement++) {
        // Killed in the middle of the round; the proxy after its last answer, so that all of them were acknowledged.
        const victim = victims[round] as Part
        if (statement === STATEMENTS_A_ROUND / 2 && victim !== 'proxy') process.kill(pidOf(victim), 'SIGKILL')
        const tag = `round_${round}_${statement}`
        const sql = `select ssn as ${tag} from customers where ssn in ($1, '${PLANTED.note}') and name <> $2 /* ${PLANTED.email} */`
        await client.query(sql, [PLANTED.ssn, PLANTED.card])
        answered++
      }
      if (round === ROUNDS - 1) process.kill(pidOf('proxy'), 'SIGKILL')
      await client.end().catch(() => undefined)
    }
    const counted = (): Promise<{ n: number; distinct: number }[]> =>
      rows<{ n: number; distinct: number }>(
        // What was prepared is recorded before it is looked at, and what was executed by itself.
        `select count() as n, uniqExact(text) as distinct from commands
         where operation = 'Execute' and text like '%round!_%' escape '!'`,
      ).catch(() => [])
    const [found] = await eventually(counted, ([first]) => Number(first?.n) >= answered, SETTLED_MS)
    expect([Number(found?.n), Number(found?.distinct)]).toEqual([answered, answered])
  })

  it('has no gap and no double in any session', async () => {
    const broken = await rows(
      `select session_id from events group by session_id
       having count() != uniqExact(sequence) or max(sequence) + 1 != count() or uniqExact(event_id) != count()`,
    )
    expect(broken).toEqual([])
  })
})

describe('a planted value', { timeout: 60_000 }, () => {
  const tables = async (): Promise<string> => {
    const names = await rows<{ name: string }>(`select name from system.tables where database = currentDatabase()`)
    const contents = await Promise.all(names.map(({ name }) => rows(`select * from \`${name}\``).catch(() => [])))
    return JSON.stringify(contents)
  }
  const files = (folder: string): string[] =>
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => statSync(file).size < 256 * 1024 * 1024)

  it.each(Object.entries(PLANTED))(
    'of kind %s is in no log, journal, audit stream, metric or table',
    async (_kind, value) => {
      expect(await tables()).not.toContain(value)
      const metrics = await Promise.all(
        Object.values(run.ready.health).map(async (url) => (await fetch(`${url}/metrics`)).text()),
      )
      expect(metrics.join('\n')).not.toContain(value)
      const found = files(place.state).filter((file) => readFileSync(file).includes(value))
      expect(found).toEqual([])
      for (const words of [['sessions'], ['who', 'customers'], ['sql', 'select * from commands']]) {
        expect((await place.sluice(...words)).stdout).not.toContain(value)
      }
    },
  )

  it('would be found by this search: the database has some of its own', () => {
    const [customer] = execFileSync('psql', [run.ready.postgres.url, '-AXtc', 'select email from customers limit 1'], {
      encoding: 'utf8',
    }).split('\n')
    expect(customer).toMatch(/@/)
  })
})
