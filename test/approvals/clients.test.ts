// Commands that wait for an approval, sent by the clients that people use, to the newest and the oldest server. A
// reviewer decides no earlier than the client has told its user that the command waits.

import { afterAll, beforeAll, describe } from 'vitest'
import { type HeldStand, startHeldStand } from './clients/held-stand.ts'
import { testNodeDrivers } from './clients/node-drivers.ts'
import { testPgjdbc } from './clients/pgjdbc.ts'
import { testPsql } from './clients/psql.ts'
import { testPsycopg } from './clients/psycopg.ts'

describe.each([18, 13] as const)('PostgreSQL %i', (major) => {
  let stand: HeldStand
  const get = (): HeldStand => stand

  beforeAll(async () => {
    stand = await startHeldStand(major)
  })

  afterAll(() => stand?.stop())

  testNodeDrivers(get)
  testPsycopg(get)
  if (major !== 18) return
  testPsql(get)
  testPgjdbc(get)
})
