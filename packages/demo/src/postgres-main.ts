/** The demo's PostgreSQL as a supervised process: starts the server, loads `shop` once, and takes the server down with itself. */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { runService } from '@sluice/service'
import { findPostgres } from './postgres/binaries.ts'
import { startPostgres } from './postgres/server.ts'
import { readDemoSettings, textOf } from './settings.ts'

await runService('demo-postgres', async (context) => {
  const { postgres, tls } = await readDemoSettings(context.configFile)
  const [certificate, key] = [await textOf(tls.certificate), await textOf(tls.key)]
  const server = await startPostgres({
    binaries: findPostgres(),
    dir: postgres.dir,
    port: postgres.port,
    password: await textOf(postgres.superuserPassword),
    tls: { certificate, key },
    hba: ['hostssl shop sluice_gateway 127.0.0.1/32 scram-sha-256', 'hostssl all postgres 127.0.0.1/32 scram-sha-256'],
    settings: { max_connections: '200', ssl_min_protocol_version: 'TLSv1.2' },
    onLog: (line) => context.log.info({ event: 'postgres_log' }, line),
  })
  server.ended.then(({ code, signal }) => {
    if (!context.stopping.aborted) context.fail(new Error(`PostgreSQL ended by itself (${code ?? signal})`))
  }, context.fail)
  // A number of its own for each way in which it is loaded: what an earlier version left is loaded anew.
  const marker = join(postgres.dir, 'shop-3-loaded')
  if (server.created) rmSync(marker, { force: true })
  if (!existsSync(marker)) {
    try {
      const { loadShop } = await import('./shop/load.ts')
      await loadShop({ ...server, authority: await textOf(tls.authority) }, await textOf(postgres.gatewayPassword))
      writeFileSync(marker, '', { mode: 0o600 })
    } catch (error) {
      await server.stop()
      throw error
    }
  }
  return {
    addresses: { postgres: `${server.host}:${server.port}` },
    details: { version: server.version },
    close: server.stop,
  }
})
