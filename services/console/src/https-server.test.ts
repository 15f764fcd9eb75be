import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestConsole, type TestConsole } from './console.fixture.ts'
import { MAX_HEADER_BYTES } from './https-server.ts'

let server: TestConsole

beforeAll(async () => {
  server = await startTestConsole({ requestMs: 400, answerMs: 300 })
})
afterAll(async () => server.stop())

const HUMAN = { sub: 'ana', sluice_kind: 'human', groups: ['analysts'] }

async function dial(options: ConnectionOptions = {}): Promise<TLSSocket> {
  const [host = '', port] = server.address.split(':')
  const socket = connect({ host, port: Number(port), ca: server.authority.certificate, ...options })
  await once(socket, 'secureConnect')
  return socket
}

async function answerTo(bytes: string, socket?: TLSSocket): Promise<string> {
  const connection = socket ?? (await dial())
  connection.on('error', () => {})
  connection.write(bytes)
  let text = ''
  for await (const chunk of connection) text += String(chunk)
  return text
}

describe('the listener', () => {
  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const socket = await dial({ minVersion: version, maxVersion: version })
      expect(socket.getProtocol()).toBe(version)
      socket.destroy()
    }
    const old = { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } as const
    await expect(dial(old)).rejects.toThrow(/version|protocol|ECONNRESET|hang up/i)
  })

  it('gives nothing to a client without TLS', async () => {
    const [host, port] = server.address.split(':')
    const socket = connectPlain(Number(port), host)
    socket.on('error', () => {})
    socket.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n')
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    expect(text).not.toContain('HTTP/1.1 200')
  })

  it.each([
    ['garbage', 'garbage\r\n\r\n', 400, 'request_malformed'],
    [
      'two lengths',
      'POST /v1/tickets HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab',
      400,
      'request_malformed',
    ],
    [
      'a length and chunks',
      'POST /v1/tickets HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
      'request_malformed',
    ],
    [
      'an endless header',
      `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(MAX_HEADER_BYTES)}\r\n\r\n`,
      431,
      'header_too_large',
    ],
  ])('refuses %s', async (_, bytes, status, code) => {
    const answer = await answerTo(bytes)
    expect(answer).toContain(`HTTP/1.1 ${status} `)
    expect(answer).toContain(`"code":"${code}"`)
  })

  it('waits neither for a header nor for a body that does not come', async () => {
    expect(await answerTo('GET / HTTP/1.1\r\nhost: local')).toContain('"code":"request_timeout"')
    const head = `POST /v1/tickets HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${server.issuer.token({})}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{`
    expect(await answerTo(head)).toMatch(/^HTTP\/1.1 (408|503)/)
  })

  it('answers by itself where the index does not', async () => {
    const { listSessions } = server.questions
    server.questions.listSessions = () => new Promise(() => {})
    const answer = await server.ask('/v1/sessions', { token: server.issuer.token(HUMAN) })
    server.questions.listSessions = listSessions
    expect(answer.status).toBe(503)
    expect(answer.json).toMatchObject({ code: 'timeout' })
  })

  it('lets an answer finish before it stops, and takes no new connection meanwhile', async () => {
    const stopping = await startTestConsole()
    const { promise, resolve } = Promise.withResolvers<[]>()
    const asked = Promise.withResolvers<void>()
    stopping.questions.listSessions = () => {
      asked.resolve()
      return promise
    }
    const underWay = stopping.ask('/v1/sessions', { token: stopping.issuer.token(HUMAN) })
    await asked.promise
    const drained = stopping.drain(5_000)
    await expect(stopping.ask('/healthz')).rejects.toThrow('ECONNREFUSED')
    resolve([])
    expect((await underWay).json).toEqual({ sessions: [] })
    await drained
    await stopping.stop()
  })

  it('cuts off what does not finish in time', async () => {
    const stopping = await startTestConsole()
    const asked = Promise.withResolvers<void>()
    stopping.questions.listSessions = () => {
      asked.resolve()
      return new Promise(() => {})
    }
    const cut = stopping
      .ask('/v1/sessions', { token: stopping.issuer.token(HUMAN) })
      .catch((error: Error) => error.message)
    await asked.promise
    await stopping.drain(50)
    expect(await cut).toBe('socket hang up')
    await stopping.stop()
  })
})
