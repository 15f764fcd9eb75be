import { Counter, Registry } from 'prom-client'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Readiness, startHealthServer } from './health-server.ts'

async function started(ready: () => Readiness, metrics = new Registry()) {
  const server = await startHealthServer({ host: '127.0.0.1', port: 0, ready, metrics })
  onTestFinished(() => server.close())
  return server
}

describe('the health server', () => {
  it('says that the process lives, whether or not it is ready', async () => {
    const { url } = await started(() => ({ ready: false, reasons: ['the journal is full'] }))
    const response = await fetch(`${url}/healthz`)
    expect([response.status, await response.text()]).toEqual([200, 'ok\n'])
  })

  it('answers 503 with the reasons until it is ready', async () => {
    let readiness: Readiness = { ready: false, reasons: ['the journal is full'] }
    const { url } = await started(() => readiness)
    const before = await fetch(`${url}/readyz`)
    expect([before.status, await before.json()]).toEqual([503, { ready: false, reasons: ['the journal is full'] }])
    readiness = { ready: true }
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
  })

  it('answers 500 and lives on where the readiness check throws', async () => {
    const { url } = await started(() => {
      throw new Error('disk gone')
    })
    const response = await fetch(`${url}/readyz`)
    expect([response.status, await response.text()]).toEqual([500, 'failed\n'])
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  it('serves the metrics of its registry in the Prometheus format', async () => {
    const registry = new Registry()
    new Counter({ name: 'sluice_test_total', help: 'for this test', registers: [registry] }).inc(3)
    const { url } = await started(() => ({ ready: true }), registry)
    const response = await fetch(`${url}/metrics`)
    expect(response.headers.get('content-type')).toContain('text/plain')
    expect(await response.text()).toContain('sluice_test_total 3')
  })

  it('refuses other methods and paths', async () => {
    const { url } = await started(() => ({ ready: true }))
    expect((await fetch(`${url}/metrics`, { method: 'POST' })).status).toBe(405)
    expect((await fetch(`${url}/`)).status).toBe(404)
  })

  it('reports a taken port', async () => {
    const { url } = await started(() => ({ ready: true }))
    const second = startHealthServer({
      host: '127.0.0.1',
      port: Number(new URL(url).port),
      ready: () => ({ ready: true }),
      metrics: new Registry(),
    })
    await expect(second).rejects.toMatchObject({ code: 'EADDRINUSE' })
  })
})
