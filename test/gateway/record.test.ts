// What the journal holds of a session: everything, in order, linked, and nothing readable that could be a value.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, startDatabase } from '../stand/database.ts'
import { type RecordedFrame, type RunningProxy, startProxy } from '../stand/proxy.ts'
import { bind, close, describe as describeMessage, execute, logIn, parse, query, sync } from '../stand/wire-client.ts'

const SSN = '219-09-9999'
const CARD = '4111111111111111'
const EMAIL = 'planted.person@example.org'

let database: Database
let proxy: RunningProxy
let frames: readonly RecordedFrame[]

const ofKind = (kind: string): readonly RecordedFrame[] => frames.filter(({ header }) => header.kind === kind)
const textOf = (frame: RecordedFrame | undefined): string =>
  (frame?.opened ?? []).map(({ bytes }) => String(bytes)).join('|')

beforeAll(async () => {
  database = await startDatabase(18)
  await database.query(`update customers set ssn = '${SSN}', notes = 'card ${CARD}', email = '${EMAIL}' where id = 1`)
  proxy = await startProxy(database)
  const client = await logIn(proxy, await proxy.ticket(), { parameters: { application_name: SSN } })
  await client.ask(query(`select * from customers where ssn = '${SSN}' /* ${EMAIL} */`))
  await client.ask(parse('s', 'select name from customers where ssn = $1'), sync)
  for (let run = 0; run < 3; run++) await client.ask(bind('', 's', [SSN]), describeMessage('P'), execute(), sync)
  await client.ask(close('S', 's'), sync)
  await client.ask(query(`insert into customers values (2000, '${EMAIL}')`))
  await client.ask(query(`select "${SSN}" from customers`))
  await client.ask(query(`select '${SSN}'::int`))
  await client.ask(query('select * from customers, generate_series(1, 20)'))
  await client.ask(query('select 1/0'), query('select 2'))
  client.end()
  await proxy.sessionsEnded(1)
  frames = await proxy.frames()
})

afterAll(async () => {
  await proxy?.stop()
  await database?.stop()
})

describe('the record of a session', () => {
  it('has sequence numbers from 0 without gaps, each linked to the one before', () => {
    expect(frames.map(({ header }) => header.sequence)).toEqual(frames.map((_, index) => index))
    for (let index = 1; index < frames.length; index++) {
      expect(frames[index]?.previousLink.equals(frames[index - 1]?.link as Buffer)).toBe(true)
    }
  })

  it('begins with who, from where, by what name, and ends with a signed count', () => {
    expect(frames[0]?.header).toMatchObject({
      kind: 'session_opened',
      clientAddress: '127.0.0.1',
      subject: { id: 'agent', kind: 'agent' },
    })
    expect(frames[0]?.segments.map(({ label }) => label)).toEqual(['user', 'database', 'application_name'])
    expect(frames.at(-1)?.closing?.count).toBe(frames.length)
  })

  it('has one request and one end for every statement', () => {
    const requests = ofKind('request').map(({ header }) => header.eventId)
    const ends = ofKind('finished').map(({ header }) => header.requestId)
    expect(new Set(ends).size).toBe(ends.length)
    expect(ends).toEqual(requests)
  })

  it('has each execution of a prepared statement with its values', () => {
    const executions = ofKind('request').filter(({ header }) => header.operation === 'Execute')
    expect(executions).toHaveLength(3)
    for (const execution of executions) {
      expect(execution.opened.find(({ kind }) => kind === 'bind')?.bytes.toString()).toBe(SSN)
      expect(textOf(execution)).toContain('select name from customers where ssn = $1')
    }
  })

  it('has results as they were delivered', () => {
    const [select] = ofKind('finished')
    expect(select?.header.outcome).toMatchObject({ status: 'ok', rows: 1 })
    expect(textOf(select)).toContain(CARD)
    const large = ofKind('response')
    expect(large.length).toBeGreaterThan(5)
    const total = large.reduce((sum, { segments }) => sum + (segments[0]?.length ?? 0), 0)
    expect(
      ofKind('finished').some(({ header }) => header.outcome?.rows === 20_000 && header.outcome.bytes > total),
    ).toBe(true)
  })

  it('has what was refused, and why', () => {
    const refused = ofKind('finished').find(({ header }) => header.outcome?.status === 'refused')
    expect(refused?.header).toMatchObject({ decision: { effect: 'deny' }, outcome: { code: '42501', rows: 0 } })
  })

  it('has the SQLSTATE of what failed', () => {
    expect(
      ofKind('finished')
        .map(({ header }) => header.outcome?.code)
        .filter(Boolean),
    ).toEqual(['42501', '42703', '22P02', '22012'])
  })
})

describe('what can be read without the key', () => {
  it.each([
    ['an SSN', SSN],
    ['a card number', CARD],
    ['an e-mail address', EMAIL],
    ['the secret of a ticket', 'slt_'],
  ])('is never %s: not in the journal, the log or the metrics', async (_name, value) => {
    const folder = join(proxy.dir, 'log', 'sluice.frames.v1')
    const metrics = await (await fetch(`${proxy.healthUrl}/metrics`)).text()
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'latin1'))
    expect(files.join('').length).toBeGreaterThan(100_000)
    const texts = [proxy.log(), metrics, ...files]
    for (const text of texts) expect(text.includes(value)).toBe(false)
    expect(JSON.stringify(frames.map(({ header }) => header))).not.toContain(value)
  })
})
