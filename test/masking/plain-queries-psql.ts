// What psql asks when it describes things, taken from psql itself (-E): each version of a server is asked otherwise.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Database } from '../stand/database.ts'
import { type PlainQuery, VARIES } from './plain-queries.ts'

const RELATIONS = 'products orders order_items shipments events events_2025 order_totals sales_by_day products_id_seq'
const COMMANDS = [
  ...RELATIONS.split(' ').flatMap((name) => [`\\d ${name}`, `\\d+ ${name}`]),
  ...(
    'd d+ dt dt+ dv dv+ dm di di+ ds dn dn+ df dfa da dT dT+ dD dE du du+ dg l l+ dp z ddp dx dX dy db dc dC dO dL dL+ do dF dP dPi+ des ' +
    'det dRp'
  )
    .split(' ')
    .map((name) => `\\${name}`),
  '\\sv order_totals',
  '\\df pg_catalog.regexp*',
]

const QUERY = /\*{9} QUERY \*{10}\n(.*?)\n\*{26}\n/gs

export async function psqlQueries({ server, authority, name }: Database): Promise<readonly PlainQuery[]> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-psql-'))
  const certificate = join(dir, 'ca.pem')
  writeFileSync(certificate, authority.certificate)
  try {
    const psql = promisify(execFile)('psql', ['-X', '-q', '-E', '-h', server.host, '-p', String(server.port), name], {
      env: {
        PATH: '/usr/local/bin:/usr/bin:/bin',
        LC_ALL: 'C.UTF-8',
        PSQL_PAGER: 'cat',
        PGUSER: server.user,
        PGPASSWORD: server.password,
        PGSSLMODE: 'verify-ca',
        PGSSLROOTCERT: certificate,
      },
      maxBuffer: 64 * 1024 * 1024,
    })
    psql.child.stdin?.end(`${COMMANDS.join('\n')}\n`)
    const { stdout } = await psql
    const texts = new Set([...stdout.matchAll(QUERY)].map((match) => (match[1] as string).trim().replace(/;$/, '')))
    return [...texts].map((sql, index) => ({
      name: `psql ${index + 1}`,
      sql,
      values: undefined,
      varies: VARIES.test(sql),
    }))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
