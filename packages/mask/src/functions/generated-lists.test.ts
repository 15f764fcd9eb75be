// The generated lists against real servers: what they hold for a version is what generate.ts would write for it now.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPostgres, startPostgres } from '@sluice/demo'
import pg from 'pg'
import { describe, expect, it, onTestFinished } from 'vitest'
import { listOf } from './generate.ts'
import { knownFunctions } from './known-functions.ts'
import { entriesOf, idsOf } from './lists.ts'
import { type ListedServer, type ListName, readServer } from './read-server.ts'
import { HARMLESS_VOLATILE, STANDARD_FUNCTIONS, STANDARD_TYPES, TOTAL, words } from './review.ts'
import { STANDARD_OBJECTS_SQL, type StandardObject } from './standard-objects.ts'

type Major = Parameters<typeof findPostgres>[0]

async function startServer(major: Major): Promise<{ url: string; client: pg.Client }> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-lists-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const server = await startPostgres({
    dir: join(dir, 'pg'),
    binaries: findPostgres(major),
    password: 'secret',
    settings: { fsync: 'off', full_page_writes: 'off' },
  })
  onTestFinished(() => server.remove())
  const client = new pg.Client({ connectionString: server.url() })
  await client.connect()
  onTestFinished(() => client.end())
  return { url: server.url(), client }
}

/** Functions that a query tree can show: of expressions, and what implements operators. */
const IN_VIEWS = `
  select distinct match[1]::int as id from pg_rewrite r join pg_class c on c.oid = r.ev_class
  join pg_namespace n on n.oid = c.relnamespace,
  regexp_matches(r.ev_action::text, ':(?:opfuncid|funcid|aggfnoid|winfnoid) (\\d+)', 'g') as match
  where n.nspname = 'information_schema' and c.relname <> all($1) and match[1] <> '0'`

/** They show options of foreign servers and of users' mappings to them. */
const VIEWS_OFF = words('_pg_user_mappings user_mappings user_mapping_options')

describe.each([13, 14, 15, 16, 17, 18] as const)('the lists for PostgreSQL %i', (major) => {
  it('are what its catalogs hold', { timeout: 60_000 }, async () => {
    const { url, client } = await startServer(major)
    const { lists, ...server } = await readServer(url)
    expect(server.major).toBe(major)
    for (const name of Object.keys(lists) as ListName[]) {
      expect({ [name]: new Set(entriesOf(name, major)) }).toEqual({ [name]: new Set(lists[name]) })
    }

    // Not by the review's own query: nothing volatile but what was looked at, nothing that runs what it is told.
    const listed = [...entriesOf('plain', major), ...entriesOf('total', major)].map((entry) =>
      Number(entry.split(':')[1]),
    )
    const volatile = await client.query<{ name: string }>(
      `select distinct proname as name from pg_proc where provolatile = 'v' and oid::int = any($1)`,
      [listed],
    )
    expect(volatile.rows.map(({ name }) => name).filter((name) => !HARMLESS_VOLATILE.includes(name))).toEqual([])
    const others = await client.query<{ name: string }>(
      `select proname as name from pg_proc p where oid::int = any($1)
         and (pronamespace <> 'pg_catalog'::regnamespace or prokind = 'p' or not has_function_privilege('pg_signal_backend', oid, 'execute')
           or proname ~ '^(lo_|pg_read_|pg_ls_|pg_stat_get|pg_sleep|dblink|query_|cursor_|table_to|schema_to|database_to)')`,
      [listed],
    )
    expect(others.rows).toEqual([])
    const signatures = await client.query<{ signature: string }>(
      `select distinct oid::regprocedure::text as signature from pg_proc where oid::int = any($1)`,
      [entriesOf('total', major).map((entry) => Number(entry.split(':')[1]))],
    )
    expect(signatures.rows.map((row) => row.signature)).toContain('reverse(text)')
    expect(signatures.rows.length).toBe(entriesOf('total', major).length)

    const standard = await client.query<StandardObject>(STANDARD_OBJECTS_SQL)
    const named = (kind: string): string[] => standard.rows.filter((row) => row.kind === kind).map((row) => row.name)
    expect(new Set(named('function'))).toEqual(new Set(STANDARD_FUNCTIONS))
    expect(new Set(named('type'))).toEqual(new Set(STANDARD_TYPES))
    const known = knownFunctions(major, standard.rows)
    const used = await client.query<{ id: number }>(IN_VIEWS, [VIEWS_OFF])
    expect(used.rows.length).toBeGreaterThan(40)
    const unknown = used.rows.filter(({ id }) => known.function(id) === undefined).map(({ id }) => known.nameOf(id))
    expect(unknown).toEqual([])
  })
})

describe('the review', () => {
  it('writes an entry for the versions that have it, and for no version between them', () => {
    const server = (major: number, counts: readonly string[]): ListedServer =>
      ({ major, lists: { counts } }) as unknown as ListedServer
    const servers = [server(13, ['a:1', '9']), server(14, ['a:1', 'a:2']), server(15, ['a:2', '9'])]
    expect(listOf(servers, 'counts')).toEqual({ '13-13': ['9'], '13-14': ['a:1'], '14-': ['a:2'], '15-': ['9'] })
  })

  it('lists nothing as total that no version has', () => {
    const names = new Set([13, 18].flatMap((major) => entriesOf('total', major).map((entry) => entry.split(':')[0])))
    const reviewed = new Set(TOTAL.flatMap(([, signatures]) => words(signatures).map((text) => text.split('(')[0])))
    expect(names).toEqual(reviewed)
  })

  it('keeps the ids of users out', () => {
    for (const list of ['types', 'equality', 'counts', 'collations', 'asText'] as const) {
      expect(Math.max(...idsOf(list, 18))).toBeLessThan(12_000)
    }
  })
})
