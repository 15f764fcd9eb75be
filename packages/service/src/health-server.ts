/**
 * The listener beside each service: `/healthz` (the process lives), `/readyz` (it can do its work), `/metrics`.
 * Plain HTTP without authentication, so it is for loopback or a pod's own network; the configuration checks that.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

export const HEALTH_REQUEST_TIMEOUT_MS = 5_000
export const MAX_HEALTH_CONNECTIONS = 64

/** What `/readyz` answers: ready, or the reasons why not, in words for an operator. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly reasons: readonly string[] }

export type HealthServerOptions = {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  readonly ready: () => Readiness | Promise<Readiness>
  readonly metrics: Registry
}

export type HealthServer = {
  /** `http://host:port`, with the port that was really taken. */
  readonly url: string
  readonly close: () => Promise<void>
}

export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const server = createServer({ requestTimeout: HEALTH_REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(options, request, response).catch(() => {
      if (!response.headersSent) send(response, 500, 'text/plain', 'failed\n')
      else response.destroy()
    })
  })
  server.maxConnections = MAX_HEALTH_CONNECTIONS
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
  const { address, family, port } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function answer(options: HealthServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  request.resume()
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(response, 405, 'text/plain', 'GET only\n')
  switch (request.url?.split('?', 1)[0]) {
    case '/healthz':
      return send(response, 200, 'text/plain', 'ok\n')
    case '/readyz': {
      const readiness = await options.ready()
      return send(response, readiness.ready ? 200 : 503, 'application/json', `${JSON.stringify(readiness)}\n`)
    }
    case '/metrics':
      return send(response, 200, options.metrics.contentType, await options.metrics.metrics())
    default:
      return send(response, 404, 'text/plain', 'there are /healthz, /readyz and /metrics\n')
  }
}

function send(response: ServerResponse, status: number, contentType: string, body: string): void {
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  response.end(body)
}
