// Whatever messages a client sends, in whatever order: the replies are those that the database would have given. What is
// refused is answered as a statement that the database can't parse, at the same place and with the same consequences.

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, GATEWAY_PASSWORD, GATEWAY_ROLE, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import {
  bind,
  close,
  describe as describeMessage,
  execute,
  flush,
  logIn,
  parse,
  query,
  type Reply,
  sync,
  transcript,
  type WireClient,
} from '../stand/wire-client.ts'

let database: Database
let proxy: RunningProxy
let through: WireClient
let past: WireClient

beforeAll(async () => {
  database = await startDatabase(18)
  proxy = await startProxy(database)
})

afterAll(async () => {
  end()
  await proxy?.stop()
  await database?.stop()
})

/** A message for Sluice, and what stands in its place for the database itself. */
type Sent = { readonly name: string; readonly through: Buffer; readonly past: Buffer }

const REFUSED = 'drop table orders'
const UNPARSABLE = '/* never ends'

const TEXTS = [
  'select 1',
  'select id, name from customers order by id limit 5',
  'select 1 / 0',
  'select nothing',
  'select 1 from customers where id < $1',
  'begin',
  'commit',
  'rollback',
  'savepoint s',
  'rollback to savepoint s',
  'show datestyle',
  "set datestyle = 'SQL'",
  "set standard_conforming_strings = 'on'",
  '',
]
const ONLY_SIMPLE = [
  'select 1; select 2 / 0; select 3',
  'begin; select 1',
  'deallocate a',
  'deallocate all',
  'close p',
  'close all',
  'discard all',
]

const same = (name: string, bytes: Buffer): Sent => ({ name, through: bytes, past: bytes })

const statements = fc.constantFrom('', 'a', 'b')
const portals = fc.constantFrom('', 'p', 'q')
const messages: fc.Arbitrary<Sent> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .tuple(statements, fc.constantFrom(...TEXTS))
      .map(([name, text]) => same(`parse ${name}: ${text}`, parse(name, text))),
  },
  {
    weight: 1,
    arbitrary: fc.constant({ name: 'parse refused', through: parse('r', REFUSED), past: parse('r', UNPARSABLE) }),
  },
  {
    weight: 4,
    arbitrary: fc
      .tuple(portals, statements, fc.constantFrom([], [], ['3']))
      .map(([portal, name, values]) => same(`bind ${portal} to ${name} ${values.join()}`, bind(portal, name, values))),
  },
  {
    weight: 5,
    arbitrary: fc
      .tuple(portals, fc.constantFrom(0, 0, 1, 3))
      .map(([portal, rows]) => same(`execute ${portal} ${rows}`, execute(portal, rows))),
  },
  { weight: 1, arbitrary: statements.map((name) => same(`describe statement ${name}`, describeMessage('S', name))) },
  { weight: 2, arbitrary: portals.map((name) => same(`describe portal ${name}`, describeMessage('P', name))) },
  { weight: 1, arbitrary: statements.map((name) => same(`close statement ${name}`, close('S', name))) },
  { weight: 1, arbitrary: portals.map((name) => same(`close portal ${name}`, close('P', name))) },
  { weight: 1, arbitrary: fc.constant(same('flush', flush)) },
  { weight: 4, arbitrary: fc.constant(same('sync', sync)) },
  { weight: 2, arbitrary: fc.constantFrom(...TEXTS, ...ONLY_SIMPLE).map((text) => same(`query ${text}`, query(text))) },
  { weight: 1, arbitrary: fc.constant({ name: 'query refused', through: query(REFUSED), past: query(UNPARSABLE) }) },
)

/** A Bind whose statement hangs on a Query that the upstream ignores: no ReadyForQuery comes before Sync. */
const WAITS_FOR_NOTHING = [
  same('describe portal', describeMessage('P', 'p')),
  same('query', query('select 1')),
  same('bind', bind('', '')),
]

/** Whole replies; of an error its SQLSTATE, since what Sluice says in its own words is told by its code. */
const told = (replies: readonly Reply[]): readonly string[] =>
  replies.map((reply) =>
    reply.type === 'D' || reply.type === 'T' || reply.type === 't'
      ? reply.bytes.toString('latin1')
      : transcript([reply]),
  )

let runs = 0
let inOrder = false

/** Everything up to a mark that comes after whatever the messages led to. */
async function replies(client: WireClient, chunks: readonly Buffer[], mark: string): Promise<readonly string[]> {
  for (const chunk of chunks) client.send(chunk)
  client.send(sync, query('rollback'), query(`select '${mark}'`))
  const seen: Reply[] = []
  for (;;) {
    const reply = await client.next()
    if (reply === null) return [...told(seen), 'the connection was closed']
    seen.push(reply)
    if (reply.type === 'Z' && seen.some(({ type, bytes }) => type === 'D' && bytes.includes(mark))) return told(seen)
  }
}

/** Fresh sessions after a failure, since what they still have to say belongs to no run. */
async function begin(): Promise<void> {
  if (inOrder) {
    for (const client of [through, past]) client.send(query('discard all'))
    await Promise.all([through.until(), past.until()])
    inOrder = false
    return
  }
  end()
  through = await logIn(proxy, await proxy.ticket())
  const direct = { ...proxy, port: database.server.port, authority: database.authority.certificate }
  past = await logIn(direct, { user: GATEWAY_ROLE, password: GATEWAY_PASSWORD })
}

function end(): void {
  through?.end()
  past?.end()
}

describe('any sequence of messages', () => {
  it('is answered as the database would', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(messages, { minLength: 1, maxLength: 25 }), fc.boolean(), async (sent, atOnce) => {
        await begin()
        const mark = `mark ${runs++}`
        const send = (client: WireClient, bytes: readonly Buffer[]): Promise<readonly string[]> =>
          replies(client, atOnce ? [Buffer.concat(bytes)] : bytes, mark)
        const [got, expected] = await Promise.all([
          send(
            through,
            sent.map((message) => message.through),
          ),
          send(
            past,
            sent.map((message) => message.past),
          ),
        ])
        expect(got.map((line) => line.replace('42501', '42601'))).toEqual(expected)
        inOrder = true
      }),
      { numRuns: 300, examples: [[WAITS_FOR_NOTHING, false]] },
    )
  }, 60_000)
})
