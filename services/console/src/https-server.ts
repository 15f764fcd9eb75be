// The listener: HTTPS only, TLS 1.2 or newer, every wait and every size bounded, and an end that lets answers finish.
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { type OwnCode, PROBLEM_MEDIA_TYPE, problem, problemBody } from './problem.ts'

/** A token of 16 KiB and what browsers send. */
export const MAX_HEADER_BYTES = 24_576
export const MAX_CONNECTIONS = 1_000
export const HEADERS_MS = 10_000
export const TLS_HANDSHAKE_MS = 10_000
export const KEEP_ALIVE_MS = 15_000
/** How often stalled requests are looked for. */
const CHECK_INTERVAL_MS = 1_000

export type HttpsServerOptions = {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** PEM. */
  readonly certificate: string
  readonly key: string
  /** For a whole request to arrive. */
  readonly requestMs: number
  readonly fetch: Parameters<typeof getRequestListener>[0]
}

export type HttpsServer = {
  readonly address: string
  /** Takes no more connections, lets answers that are under way finish for so long, then cuts off what is left. */
  drain(deadlineMs: number): Promise<void>
}

export async function startHttpsServer(options: HttpsServerOptions): Promise<HttpsServer> {
  const respond = getRequestListener(options.fetch)
  let draining = false
  const server = createServer(
    {
      cert: options.certificate,
      key: options.key,
      minVersion: 'TLSv1.2',
      handshakeTimeout: TLS_HANDSHAKE_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      headersTimeout: Math.min(HEADERS_MS, options.requestMs),
      requestTimeout: options.requestMs,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: Math.min(CHECK_INTERVAL_MS, options.requestMs),
    },
    (request, response) => {
      if (draining) response.setHeader('connection', 'close')
      void respond(request, response)
    },
  )
  server.maxConnections = MAX_CONNECTIONS
  server.on('clientError', answerBrokenRequest)
  await listen(server, options)
  const { address, family, port } = server.address() as AddressInfo
  return {
    address: `${family === 'IPv6' ? `[${address}]` : address}:${port}`,
    async drain(deadlineMs) {
      draining = true
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs)
      await closed
      clearTimeout(deadline)
    },
  }
}

function listen(server: Server, { host, port }: HttpsServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** What Node's parser refuses never reaches the routes. */
const PARSER_CODES: Readonly<Record<string, readonly [OwnCode, string]>> = {
  HPE_HEADER_OVERFLOW: ['header_too_large', `the header may have ${MAX_HEADER_BYTES} bytes`],
  ERR_HTTP_REQUEST_TIMEOUT: ['request_timeout', 'send the request faster'],
}

function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const [code, detail] = PARSER_CODES[error.code ?? ''] ?? ['request_malformed', 'it is no HTTP/1.1 request']
  const answer = problem(code, detail)
  const body = problemBody(answer, null)
  const head = [
    `HTTP/1.1 ${answer.status} ${answer.title}`,
    `content-type: ${PROBLEM_MEDIA_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy())
}
