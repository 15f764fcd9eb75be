// A subset of ClickHouse's HTTP interface on a loopback address, as much as `@clickhouse/client` needs: ping, command,
// insert, query. Everything but ping needs the user and the password.

import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AnswerTooLarge, type ChdbStore } from './chdb-store.ts'
import {
  ANSWER_TOO_LARGE,
  AUTHENTICATION_FAILED,
  bodyTooLarge,
  type ExceptionReply,
  engineException,
  exceptionReply,
  TOO_MANY_QUERIES,
} from './exception-reply.ts'
import { parseRequest } from './http-request.ts'
import { LaneFull } from './lane.ts'

export const MAX_REQUEST_BYTES = 64 * 1_048_576
export const MAX_ENGINE_CONNECTIONS = 64
export const BODY_TIMEOUT_MS = 30_000
export const KEEP_ALIVE_MS = 30_000

export type HttpFront = { readonly port: number; close(): Promise<void> }

export type HttpFrontOptions = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
}

export async function startHttpFront(store: () => ChdbStore | null, options: HttpFrontOptions): Promise<HttpFront> {
  const expected = digest(`${options.user}:${options.password}`)
  const server = createServer(
    { requestTimeout: BODY_TIMEOUT_MS, keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      answer(store(), expected, request, response).catch((error: unknown) => send(response, exceptionReply(error)))
    },
  )
  server.maxConnections = MAX_ENGINE_CONNECTIONS
  await listen(server, options)
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
  }
}

async function answer(
  store: ChdbStore | null,
  expected: Buffer,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://engine')
  if (url.pathname === '/ping') {
    request.resume()
    response.writeHead(200, { 'content-type': 'text/plain; charset=UTF-8' }).end('Ok.\n')
    return
  }
  if (!timingSafeEqual(digest(credentials(request)), expected)) return refuse(request, response, AUTHENTICATION_FAILED)
  if (url.pathname !== '/')
    return refuse(request, response, engineException(1000, 'There is no such resource.', 'POCO_EXCEPTION', 404))
  if (request.method !== 'POST' && request.method !== 'GET') {
    return refuse(request, response, engineException(501, 'POST and GET only.', 'HTTP_METHOD', 405))
  }
  if (store === null)
    return refuse(request, response, engineException(209, 'The engine is starting.', 'NOT_READY', 503))
  const body = await readBody(request)
  if (body === null) return refuse(request, response, bodyTooLarge(MAX_REQUEST_BYTES))
  const parsed = parseRequest(request.method, url.searchParams, body)
  if (!parsed.ok) return send(response, parsed.reply)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  try {
    const result = await store.run(parsed.request, body, gone.signal)
    response.writeHead(200, {
      'content-type': 'text/plain; charset=UTF-8',
      'content-length': result.body.length,
      'x-clickhouse-summary': JSON.stringify(result.summary),
      'x-clickhouse-timezone': 'UTC',
      ...(parsed.request.queryId === null
        ? {}
        : { 'x-clickhouse-query-id': parsed.request.queryId.replace(/[^\w-]/g, '') }),
    })
    response.end(result.body)
  } catch (error) {
    send(response, replyTo(error))
  }
}

function replyTo(error: unknown): ExceptionReply {
  if (error instanceof LaneFull) return TOO_MANY_QUERIES
  return error instanceof AnswerTooLarge ? ANSWER_TOO_LARGE : exceptionReply(error)
}

function credentials(request: IncomingMessage): string {
  const [scheme, encoded = ''] = (request.headers.authorization ?? '').split(' ', 2)
  return scheme?.toLowerCase() === 'basic' ? Buffer.from(encoded, 'base64').toString('utf8') : ''
}

/** Digests have one length, so comparing them takes one time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

/** null: larger than the bound. Refuses by the declared length before a byte is read. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_REQUEST_BYTES) return null
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_REQUEST_BYTES) return null
    chunks.push(chunk)
  }
  return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)
}

/** Answers before the body was read: the connection can't be used again. */
function refuse(request: IncomingMessage, response: ServerResponse, reply: ExceptionReply): void {
  if (!request.complete) response.setHeader('connection', 'close')
  send(response, reply)
  request.resume()
}

function send(response: ServerResponse, { status, code, text }: ExceptionReply): void {
  if (response.headersSent || response.destroyed) return void response.destroy()
  const body = Buffer.from(`${text}\n`)
  response.writeHead(status, {
    'content-type': 'text/plain; charset=UTF-8',
    'content-length': body.length,
    'x-clickhouse-exception-code': String(code),
  })
  response.end(body)
}

function listen(server: Server, { host, port }: HttpFrontOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
}
