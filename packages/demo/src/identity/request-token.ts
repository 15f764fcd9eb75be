/** Asks the demo's provider for a token, as one of the demo's people: the OAuth 2.0 client credentials grant (RFC 6749, 4.4). */
import { request } from 'node:https'
import type { DemoAudience, DemoName } from './people.ts'

const TIMEOUT_MS = 5_000
const MAX_ANSWER_BYTES = 64 * 1024

export type TokenRequest = {
  readonly tokenEndpoint: string
  /** PEM of the demo's CA. */
  readonly authority: string
  readonly name: DemoName
  readonly secret: string
  readonly audience: DemoAudience
}

/** @throws Error with what the provider said, or why it can't be reached */
export async function requestDemoToken({
  tokenEndpoint,
  authority,
  name,
  secret,
  audience,
}: TokenRequest): Promise<string> {
  const { status, text } = await post(tokenEndpoint, authority, {
    authorization: `Basic ${Buffer.from(`${encodeURIComponent(name)}:${encodeURIComponent(secret)}`).toString('base64')}`,
    body: new URLSearchParams({ grant_type: 'client_credentials', resource: audience }).toString(),
  })
  const answer: unknown = JSON.parse(text)
  if (status === 200 && typeof answer === 'object' && answer !== null && 'access_token' in answer)
    return String(answer.access_token)
  throw new Error(`the demo's identity provider answered ${status}: ${text.slice(0, 200)}`)
}

function post(
  url: string,
  authority: string,
  { authorization, body }: { authorization: string; body: string },
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method: 'POST',
        ca: authority,
        headers: { authorization, 'content-type': 'application/x-www-form-urlencoded', connection: 'close' },
        signal: AbortSignal.timeout(TIMEOUT_MS),
        agent: false,
      },
      (incoming) => {
        let text = ''
        incoming.setEncoding('utf8')
        incoming.on('data', (chunk: string) => {
          text += chunk
          if (text.length > MAX_ANSWER_BYTES) incoming.destroy(new Error('the answer is too long'))
        })
        incoming.on('end', () => resolve({ status: incoming.statusCode ?? 0, text }))
        incoming.on('error', reject)
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body)
  })
}
