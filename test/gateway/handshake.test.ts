// How a connection begins, and every way in which it must not: before authentication nothing is trusted and all is bounded.

import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BodyReader, decodeReport } from '../../services/proxy/src/postgres/wire/decode.ts'
import * as encode from '../../services/proxy/src/postgres/wire/encode.ts'
import { PROTOCOL_3_0, PROTOCOL_3_2, STARTUP_CODE } from '../../services/proxy/src/postgres/wire/message-types.ts'
import { type Database, startDatabase } from '../stand/database.ts'
import { type RunningProxy, startProxy } from '../stand/proxy.ts'
import {
  authenticateBy,
  logIn,
  openTcp,
  openTls,
  query,
  type Reply,
  transcript,
  WireClient,
} from '../stand/wire-client.ts'

let database: Database
let proxy: RunningProxy

beforeAll(async () => {
  database = await startDatabase(18)
  proxy = await startProxy(database, { limits: { handshakeMs: 1_500 } })
})

afterAll(async () => {
  await proxy?.stop()
  await database?.stop()
})

const startup = (version: number, parameters: Record<string, string>): Buffer =>
  encode.startupPacket(version, new Map(Object.entries(parameters)))

const packet = (code: number, body = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(body.length + 8)
  head.writeUInt32BE(code, 4)
  return Buffer.concat([head, body])
}

const fieldsOf = (reply: Reply | null) => decodeReport(reply?.bytes ?? Buffer.alloc(0))

/** All bytes that come until the peer closes. */
async function readToEnd(socket: NodeJS.ReadableStream): Promise<Buffer> {
  const chunks: Buffer[] = []
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', () => resolve())
    socket.on('close', () => resolve())
  })
  return Buffer.concat(chunks)
}

/** What another client gets meanwhile. */
async function anotherAsks(): Promise<string> {
  const client = await logIn(proxy, await proxy.ticket())
  const answer = await client.ask(query('select 1'))
  client.end()
  return answer
}

describe('encryption', () => {
  it('is TLS after SSLRequest, and after a refused GSSENCRequest', async () => {
    const raw = await openTcp(proxy)
    raw.write(packet(STARTUP_CODE.gss))
    expect(String(await new Promise((resolve) => raw.once('data', resolve)))).toBe('N')
    raw.write(encode.sslRequest)
    expect(String(await new Promise((resolve) => raw.once('data', resolve)))).toBe('S')
    raw.destroy()
  })

  it('can be TLS at once with the protocol name of PostgreSQL', async () => {
    const socket = connectTls({
      host: 'localhost',
      port: proxy.port,
      ca: proxy.authority,
      ALPNProtocols: ['postgresql'],
    })
    await new Promise((resolve) => socket.once('secureConnect', resolve))
    expect(socket.alpnProtocol).toBe('postgresql')
    const client = new WireClient(socket)
    expect(transcript(await authenticateBy(client, await proxy.ticket()))).toMatch(/Z\(I\)$/)
    client.end()
  })

  it('at once without that name is refused', async () => {
    const socket = connectTls({ host: 'localhost', port: proxy.port, ca: proxy.authority })
    await readToEnd(socket)
    expect(socket.destroyed).toBe(true)
  })

  it('is at least TLS 1.2', async () => {
    const raw = await openTcp(proxy)
    raw.write(encode.sslRequest)
    await new Promise((resolve) => raw.once('data', resolve))
    const socket = connectTls({
      socket: raw,
      host: 'localhost',
      ca: proxy.authority,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
    })
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve))
    expect(String(error)).toMatch(/protocol|version|alert/i)
  })

  it('is required', async () => {
    const client = new WireClient(await openTcp(proxy))
    client.send(startup(PROTOCOL_3_0, { user: 'agent', database: 'shop' }))
    const fields = fieldsOf(await client.next())
    expect([fields.get('C'), fields.get('H')]).toEqual(['28000', expect.stringContaining('sslmode=verify-full')])
  })

  it('does not let in what was put behind the request in plaintext', async () => {
    const raw = await openTcp(proxy)
    raw.write(Buffer.concat([encode.sslRequest, startup(PROTOCOL_3_0, { user: 'agent' })]))
    expect((await readToEnd(raw)).toString('latin1')).not.toContain('S')
  })
})

describe('authentication', () => {
  it.each([
    ['with channel binding', true],
    ['without', false],
  ])('by a ticket, %s', async (_name, plus) => {
    const client = new WireClient(await openTls(proxy))
    // Without binding the client must say that it can't (`n`), not that we didn't offer it (`y`).
    expect(transcript(await authenticateBy(client, await proxy.ticket(), { plus }))).toMatch(/^R R .*K Z\(I\)$/)
    client.end()
  })

  it.each([
    ['a wrong secret', async () => ({ ...(await proxy.ticket()), password: 'slt_wrong' }), /not valid/],
    ['an unknown ticket', async () => ({ user: 'agent.zzzzzzzz', password: 'slt_wrong' }), /not valid/],
    ['an expired ticket', () => proxy.ticket({ ttlMs: 1 }), /expired/],
  ])('refuses %s at the same point', async (_name, login, message) => {
    const client = new WireClient(await openTls(proxy))
    const replies = await authenticateBy(client, await login())
    expect(transcript(replies)).toBe('E(28P01)')
    expect(fieldsOf(replies[0] as Reply).get('M')).toMatch(message)
  })

  it('refuses a ticket for another connection', async () => {
    const client = new WireClient(await openTls(proxy))
    expect(transcript(await authenticateBy(client, await proxy.ticket({ connection: 'other' })))).toMatch(/E\(3D000\)$/)
  })

  const withToken = async (token: string): Promise<Reply | null> => {
    const client = new WireClient(await openTls(proxy))
    client.send(startup(PROTOCOL_3_0, { user: 'agent', database: 'shop' }))
    expect((await client.next())?.bytes.readInt32BE(5)).toBe(3)
    client.send(encode.passwordMessage(encode.cString(token)))
    const reply = await client.next()
    client.end()
    return reply
  }

  it('by a token for this door', async () => {
    expect((await withToken(await proxy.issuer.token()))?.type).toBe('R')
  })

  it.each([
    ['for another door', () => proxy.issuer.token({ audience: 'sluice:console' }), /audience|door/i],
    ['that has expired', () => proxy.issuer.token({ expiresInSeconds: -120 }), /expired/],
    ['that was cut off', async () => (await proxy.issuer.token()).slice(0, -30), /cut off|signature/i],
    [
      'without a signature',
      async () =>
        `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await proxy.issuer.token()).split('.')[1]}.`,
      /./,
    ],
    ['that is none', async () => 'secret', /./],
  ])('refuses a token %s', async (_name, token, message) => {
    const reply = await withToken(await token())
    expect(reply?.type).toBe('E')
    expect(fieldsOf(reply).get('C')).toBe('28P01')
    expect(fieldsOf(reply).get('M')).toMatch(message)
  })

  it('never asks for a token without encryption', async () => {
    const other = await startProxy(database, { plaintext: true })
    const client = new WireClient(await openTcp(other))
    client.send(startup(PROTOCOL_3_0, { user: 'agent', database: 'shop' }))
    expect(transcript([(await client.next()) as Reply])).toBe('E(28P01)')
    await other.stop()
  })
})

describe('start-up parameters', () => {
  const ask = async (parameters: Record<string, string>, version = PROTOCOL_3_0): Promise<Reply | null> => {
    const client = new WireClient(await openTls(proxy))
    client.send(startup(version, { user: 'agent.zzzzzzzz', database: 'shop', ...parameters }))
    const reply = await client.next()
    client.end()
    return reply
  }

  it.each([
    [{ replication: 'database' }],
    [{ options: '-c search_path=evil' }],
    [{ search_path: 'evil' }],
    [{ session_authorization: 'postgres' }],
    [{ standard_conforming_strings: 'off' }],
  ])('refuses %o', async (parameters) => {
    expect(fieldsOf(await ask(parameters)).get('C')).toBe('42501')
  })

  it('takes what drivers send', async () => {
    const usual = {
      client_encoding: "'utf-8'",
      DateStyle: 'ISO',
      TimeZone: 'Etc/UTC',
      extra_float_digits: '2',
      application_name: 'x',
    }
    expect((await ask(usual))?.type).toBe('R')
  })

  it('answers UTF8 whatever encoding is asked for, and keeps the role of the upstream to itself', async () => {
    const login = await proxy.ticket()
    const client = new WireClient(await openTls(proxy))
    const replies = await authenticateBy(client, login, { parameters: { client_encoding: 'SQL_ASCII' } })
    const statuses = new Map(
      replies
        .filter(({ type }) => type === 'S')
        .map(({ bytes }) => {
          const body = new BodyReader(bytes)
          return [body.cText(), body.cText()]
        }),
    )
    expect(statuses.get('client_encoding')).toBe('UTF8')
    expect(statuses.get('session_authorization')).toBe(login.user)
    client.end()
  })

  it.each([
    ['3.2 is spoken', PROTOCOL_3_2, {}, 'R'],
    ['3.9 is brought down', (3 << 16) | 9, {}, 'v'],
    ['an unknown protocol option is named', PROTOCOL_3_0, { '_pq_.magic': '1' }, 'v'],
  ])('%s', async (_name, version, parameters, type) => {
    expect((await ask(parameters, version))?.type).toBe(type)
  })

  it('gives long cancel keys in 3.2, short ones in 3.0', async () => {
    for (const [version, bytes] of [
      [PROTOCOL_3_2, 32],
      [PROTOCOL_3_0, 4],
    ] as const) {
      const client = new WireClient(await openTls(proxy))
      const replies = await authenticateBy(client, await proxy.ticket(), { version })
      expect(replies.find(({ type }) => type === 'K')?.bytes.length).toBe(5 + 4 + bytes)
      client.end()
    }
  })
})

describe('bad input before authentication', () => {
  it.each([
    ['garbage', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['zeros', Buffer.alloc(64)],
    ['a start-up packet of 20 kB', packet(PROTOCOL_3_0, Buffer.alloc(20_000, 'x'))],
    ['a start-up packet without an end', Buffer.concat([Buffer.from([0, 0, 0x10, 0]), Buffer.from('user')])],
    ['protocol 2', packet(2 << 16, Buffer.alloc(20))],
    ['one byte', Buffer.from([0])],
    ['an unfinished TLS handshake', Buffer.from([0x16, 3, 1])],
  ])('%s ends that connection in time, and no other', async (_name, bytes) => {
    const socket = await openTcp(proxy)
    socket.write(bytes)
    await readToEnd(socket)
    expect(await anotherAsks()).toBe('T D C(SELECT 1) Z(I)')
  })

  it('a client that says nothing is dropped in time', async () => {
    await readToEnd(await openTcp(proxy))
    expect(await anotherAsks()).toBe('T D C(SELECT 1) Z(I)')
  })

  it('a client that stalls inside TLS is dropped in time', async () => {
    await readToEnd(await openTls(proxy))
    expect(await anotherAsks()).toBe('T D C(SELECT 1) Z(I)')
  })

  it('another message where the password is due', async () => {
    const client = new WireClient(await openTls(proxy))
    client.send(startup(PROTOCOL_3_0, { user: 'agent.zzzzzzzz', database: 'shop' }))
    await client.next()
    client.send(query('select 1'))
    expect(transcript(await client.until())).toMatch(/^E/)
  })

  it('a cancel request with a wrong key has no answer and no effect', async () => {
    const socket = await openTcp(proxy)
    socket.write(encode.cancelRequest({ processId: 1, secret: Buffer.alloc(4) }))
    expect(await readToEnd(socket)).toHaveLength(0)
    expect(await anotherAsks()).toBe('T D C(SELECT 1) Z(I)')
  })
})

describe('cancel', () => {
  it('in plaintext with the right key ends the statement and not the session', async () => {
    const client = new WireClient(await openTls(proxy))
    const replies = await authenticateBy(client, await proxy.ticket())
    const key = replies.find(({ type }) => type === 'K')?.bytes as Buffer
    client.send(query('select count(*) from generate_series(1, 1000000000)'))
    const socket = await openTcp(proxy)
    const cancel = async (): Promise<void> => {
      const other = await openTcp(proxy)
      other.end(encode.cancelRequest({ processId: key.readInt32BE(5), secret: key.subarray(9) }))
      await readToEnd(other)
    }
    socket.destroy()
    await cancel()
    // The statement may not have begun yet: a cancel before it has no effect, as in PostgreSQL.
    const again = setInterval(() => void cancel(), 200)
    expect(transcript(await client.until())).toMatch(/E\(57014\) Z\(I\)$/)
    clearInterval(again)
    client.end()
  })
})
