// The real clients on real servers: each version has one database and one proxy, shared by all its tests.

import type { PostgresMajor } from '@sluice/demo'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClientStand, startClientStand } from './client-stand.ts'
import { testNodePostgres } from './node-postgres.ts'
import { compilePgjdbcSession, testPgjdbc } from './pgjdbc.ts'
import type { CompiledScript } from './pgjdbc-script.ts'
import { testPostgresJs } from './postgres-js.ts'
import { testPsql } from './psql.ts'
import { testPsycopg } from './psycopg.ts'
import { testTransparency } from './transparency.ts'

export function describeClients(majors: readonly PostgresMajor[]): void {
  let compiled: CompiledScript

  beforeAll(async () => {
    compiled = await compilePgjdbcSession()
  })

  afterAll(() => compiled?.remove())

  describe.each(majors)('PostgreSQL %i', (major) => {
    let stand: ClientStand
    const get = (): ClientStand => stand

    beforeAll(async () => {
      stand = await startClientStand(major)
    })

    afterAll(() => stand?.stop())

    testTransparency(get)
    testNodePostgres(get)
    testPostgresJs(get)
    testPsql(get)
    testPsycopg(get)
    testPgjdbc(get, () => compiled)

    it('has recorded each refusal that a client was told', async () => {
      const denied = (await stand.proxy.frames())
        .filter(({ header }) => header.kind === 'request' && header.decision?.effect === 'deny')
        .map(({ header }) => header.eventId)
      expect(stand.refusals.length).toBeGreaterThan(20)
      expect(stand.refusals.filter((event) => !denied.includes(event))).toEqual([])
    })
  })
}
