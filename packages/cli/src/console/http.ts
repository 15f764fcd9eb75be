/** One HTTPS request to the console, with its CA; bounded in time and size. */
import { request } from 'node:https'

const TIMEOUT_MS = 30_000
const MAX_ANSWER_BYTES = 64 * 1024 * 1024

export type HttpAnswer = { readonly status: number; readonly type: string; readonly text: string }

export type HttpQuestion = {
  readonly url: URL
  /** PEM; null: the CAs that the system trusts. */
  readonly authority: string | null
  readonly method: 'GET' | 'POST'
  readonly token: string
  readonly body?: unknown
  /** Gives up on it. */
  readonly signal?: AbortSignal
}

export function ask({ url, authority, method, token, body, signal }: HttpQuestion): Promise<HttpAnswer> {
  const payload = body === undefined ? null : Buffer.from(JSON.stringify(body))
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method,
        agent: false,
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT_MS), ...(signal === undefined ? [] : [signal])]),
        ...(authority === null ? {} : { ca: authority }),
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json, application/problem+json',
          ...(payload === null ? {} : { 'content-type': 'application/json', 'content-length': payload.length }),
        },
      },
      (incoming) => {
        const chunks: Buffer[] = []
        let bytes = 0
        incoming.on('data', (chunk: Buffer) => {
          bytes += chunk.length
          if (bytes > MAX_ANSWER_BYTES) incoming.destroy(new Error('the answer is too long; ask for less'))
          else chunks.push(chunk)
        })
        incoming.on('error', reject)
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode ?? 0,
            type: incoming.headers['content-type'] ?? '',
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        )
      },
    )
    outgoing.on('error', reject)
    outgoing.end(payload ?? undefined)
  })
}
