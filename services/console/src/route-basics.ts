// What the routes of all subjects share: their environment, bodies and methods.
import type { HttpBindings } from '@hono/node-server'
import type { VerifiedSubject } from '@sluice/identity'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { refuse } from './problem.ts'

export type ConsoleEnv = { Bindings: HttpBindings; Variables: { requestId: string; subject: VerifiedSubject } }
export type ConsoleContext = Context<ConsoleEnv>

export function limitedTo(maxBytes: number): MiddlewareHandler {
  return bodyLimit({
    maxSize: maxBytes,
    onError: () => {
      throw refuse('body_too_large', `the body may have ${maxBytes} bytes`, { connection: 'close' })
    },
  })
}

/** @throws ProblemError where the body is said to be something else than JSON. */
export async function jsonText(c: ConsoleContext): Promise<string> {
  const text = await c.req.text()
  if (text !== '' && !/^application\/json\s*(;|$)/i.test(c.req.header('content-type') ?? '')) {
    throw refuse('media_type', 'send the body as application/json')
  }
  return text
}

export function onlyBy(method: 'GET' | 'POST') {
  return (): never => {
    throw refuse('method_not_allowed', `this is for ${method}`, { allow: method === 'GET' ? 'GET, HEAD' : method })
  }
}

/** One name for a subject, for bounds that hold for each. */
export function subjectKey({ issuer, id }: Pick<VerifiedSubject, 'issuer' | 'id'>): string {
  return `${issuer}\n${id}`
}
