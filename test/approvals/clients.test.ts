// Commands that wait for an approval, sent by the clients that people use. A reviewer decides no earlier than the client
// has told its user that the command waits.

import { afterAll, beforeAll } from 'vitest'
import { type HeldStand, startHeldStand } from './clients/held-stand.ts'
import { testNodeDrivers } from './clients/node-drivers.ts'
import { testPgjdbc } from './clients/pgjdbc.ts'
import { testPsql } from './clients/psql.ts'
import { testPsycopg } from './clients/psycopg.ts'

let stand: HeldStand
const get = (): HeldStand => stand

beforeAll(async () => {
  stand = await startHeldStand()
})

afterAll(() => stand?.stop())

testNodeDrivers(get)
testPsql(get)
testPsycopg(get)
testPgjdbc(get)
