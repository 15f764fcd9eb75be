// Sessions that stream large results at the same time: memory is given back while they run, and each gets its own bytes.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import { logIn, query, type Reply, type WireClient } from '../stand/wire-client.ts'

const ROWS = 6_000
const LETTERS = 26
const MAX_LENGTH = 3_000
const READERS = 6
/** Type, length, count of columns, length of the first. */
const VALUE_AT = 1 + 4 + 2 + 4

const sqlFor = (shift: number): string =>
  `select repeat(chr(97 + (g + ${shift}) % ${LETTERS}), 20 + g % ${MAX_LENGTH}) from generate_series(1, ${ROWS}) g`

const wrongRows = (replies: readonly Reply[], shift: number): readonly number[] =>
  replies
    .filter(({ type }) => type === 'D')
    .flatMap(({ bytes }, index) => {
      const g = index + 1
      const expected = String.fromCharCode(97 + ((g + shift) % LETTERS)).repeat(20 + (g % MAX_LENGTH))
      return bytes.toString('latin1', VALUE_AT) === expected ? [] : [g]
    })

/** Stops reading again and again, so that what is written to it waits. */
function readHaltingly({ socket }: WireClient): void {
  socket.on('data', () => {
    socket.pause()
    setImmediate(() => socket.resume())
  })
}

describe.each([
  { upstream: 'with TLS', connection: {} },
  { upstream: 'in plaintext', connection: { tls: { mode: 'disable' } } },
])('large results from an upstream $upstream', ({ connection }) => {
  let database: Database
  let proxy: RunningProxy

  beforeAll(async () => {
    database = await startDatabase(18, { hba: ['host all all 127.0.0.1/32 scram-sha-256'] })
    proxy = await startProxy(database, { connection })
  })

  afterAll(async () => {
    await proxy?.stop()
    await database?.stop()
  })

  it('reach each of several readers as they are', async () => {
    const clients = await Promise.all(Array.from({ length: READERS }, async () => logIn(proxy, await proxy.ticket())))
    for (const [index, client] of clients.entries()) if (index % 2 === 0) readHaltingly(client)
    const results = await Promise.all(
      clients.map(async (client, shift) => {
        client.send(query(sqlFor(shift)))
        return client.until()
      }),
    )
    expect(results.map((replies) => replies.filter(({ type }) => type === 'D').length)).toEqual(
      Array.from({ length: READERS }, () => ROWS),
    )
    expect(results.flatMap(wrongRows)).toEqual([])
    for (const client of clients) client.end()
  })
})
