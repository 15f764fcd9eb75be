/** A console of which only the answers are invented: HTTPS on loopback, with a CA of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createAuthority, issueServerCertificate } from '@sluice/identity'

export type Asked = { readonly method: string; readonly path: string; readonly token: string; readonly body: unknown }
export type Reply = { readonly status: number; readonly body: unknown }

export type FakeConsole = {
  readonly asked: readonly Asked[]
  /** Where it is and who asks, for the verbs. */
  readonly environment: Readonly<Record<string, string>>
  stop(): void
}

export async function startFakeConsole(answer: (asked: Asked) => Reply): Promise<FakeConsole> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-cli-console-'))
  const authority = await createAuthority('test')
  const { certificate, key } = await issueServerCertificate(authority, { names: [], ips: ['127.0.0.1'] })
  const asked: Asked[] = []
  const server = createServer({ cert: certificate, key }, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8')
      const question: Asked = {
        method: request.method ?? '',
        path: request.url ?? '',
        token: request.headers.authorization ?? '',
        body: text === '' ? null : JSON.parse(text),
      }
      asked.push(question)
      const { status, body } = answer(question)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const caFile = join(dir, 'ca.pem')
  writeFileSync(caFile, authority.certificate)
  const { port } = server.address() as { port: number }
  return {
    asked,
    environment: { SLUICE_URL: `https://127.0.0.1:${port}`, SLUICE_CA: caFile, SLUICE_TOKEN: 'the-token' },
    stop() {
      server.close()
      server.closeAllConnections()
      rmSync(dir, { recursive: true })
    },
  }
}
