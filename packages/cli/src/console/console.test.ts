import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, issueServerCertificate } from '@sluice/identity'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EXIT_CODES } from '../failure.ts'
import { consoleAccess, RUNNING_FILE } from './access.ts'
import { ConsoleClient } from './client.ts'

const dir = mkdtempSync(join(tmpdir(), 'sluice-cli-test-'))
let authority: { certificate: string; key: string }
let server: Server
let url: string
let answer: { status: number; body: string } = { status: 200, body: '{}' }
const seen: { method: string | undefined; url: string | undefined; token: string | undefined; body: string }[] = []

beforeAll(async () => {
  authority = await createAuthority('test')
  const { certificate, key } = await issueServerCertificate(authority, { names: ['localhost'], ips: ['127.0.0.1'] })
  server = createServer({ cert: certificate, key }, (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      seen.push({ method: request.method, url: request.url, token: request.headers.authorization, body })
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `https://127.0.0.1:${(server.address() as { port: number }).port}`
}, 20_000)

afterAll(() => {
  server.close()
  rmSync(dir, { recursive: true })
})

const client = (overrides = {}) =>
  new ConsoleClient({ url, authority: authority.certificate, token: 'the-token', ...overrides })

describe('the console client', () => {
  it('asks with the token, and encodes what people type', async () => {
    answer = { status: 200, body: '{"access":[]}' }
    await client().accessTo('a&b=c /../x', '1d')
    expect(seen.at(-1)).toMatchObject({
      method: 'GET',
      url: '/v1/access?object=a%26b%3Dc+%2F..%2Fx&since=1d',
      token: 'Bearer the-token',
    })
    await client().events('../sql', 10, -1)
    expect(seen.at(-1)?.url).toBe('/v1/sessions/..%2Fsql/events?limit=10&after=-1&results=true')
    await client().sql('select 1')
    expect(seen.at(-1)).toMatchObject({ method: 'POST', body: '{"query":"select 1"}' })
  })

  it.each([
    [401, EXIT_CODES.unauthenticated],
    [403, EXIT_CODES.forbidden],
    [404, EXIT_CODES.notFound],
    [503, EXIT_CODES.failed],
  ])('turns a problem of status %i into exit code %i, with its words', async (status, exitCode) => {
    answer = { status, body: JSON.stringify({ title: 'No', detail: 'because\x1b[2J of this', code: 'a_code' }) }
    const failure = { exitCode, message: 'because\\x1b[2J of this (a_code)' }
    await expect(client().sessions()).rejects.toMatchObject(failure)
  })

  it('says what an answer that is none means', async () => {
    answer = { status: 200, body: '<html>' }
    await expect(client().sessions()).rejects.toThrow('is it the console of Sluice?')
    answer = { status: 502, body: '<html>' }
    await expect(client().sessions()).rejects.toThrow('answered 502')
  })

  it('says why nothing answers', async () => {
    const unreachable = { exitCode: EXIT_CODES.unreachable }
    await expect(client({ url: 'https://127.0.0.1:1' }).sessions()).rejects.toMatchObject(unreachable)
    await expect(client({ url: 'https://127.0.0.1:1' }).sessions()).rejects.toThrow('npm start')
    await expect(client({ authority: null }).sessions()).rejects.toThrow('SLUICE_CA')
    const other = await createAuthority('other')
    await expect(client({ authority: other.certificate }).sessions()).rejects.toThrow('SLUICE_CA')
  })
})

describe('where the console is', () => {
  const access = (environment: Record<string, string>, as?: string) =>
    consoleAccess({ stateDir: dir, environment, as, otherwise: 'owner' })

  it('comes from SLUICE_URL, SLUICE_CA and SLUICE_TOKEN', async () => {
    writeFileSync(join(dir, 'ca.pem'), 'PEM')
    const environment = { SLUICE_URL: url, SLUICE_CA: join(dir, 'ca.pem'), SLUICE_TOKEN: 't' }
    expect(await access(environment)).toEqual({ url, authority: 'PEM', token: 't' })
    expect(await access({ SLUICE_URL: url, SLUICE_TOKEN: 't' })).toMatchObject({ authority: null })
  })

  it('is refused without encryption', async () => {
    await expect(access({ SLUICE_URL: 'http://localhost', SLUICE_TOKEN: 't' })).rejects.toThrow('https://')
  })

  it('wants a token with an address', async () => {
    await expect(access({ SLUICE_URL: url })).rejects.toThrow('SLUICE_TOKEN')
  })

  it('is nowhere while the demo does not run', async () => {
    await expect(access({})).rejects.toMatchObject({ exitCode: EXIT_CODES.unreachable })
    await expect(access({}, 'owner')).rejects.toThrow('npm start')
  })

  it('knows only the people of the demo', async () => {
    writeFileSync(join(dir, RUNNING_FILE), JSON.stringify({ consoleUrl: url, caFile: join(dir, 'ca.pem') }))
    await expect(access({}, 'root')).rejects.toMatchObject({
      exitCode: EXIT_CODES.usage,
      message: 'there is no root in the demo; there are agent, owner, admin',
    })
  })
})
