// The console's API: routes, and what holds for all of them. No I/O of its own; everything comes in as a port.
import { randomUUID } from 'node:crypto'
import type { VerifiedSubject } from '@sluice/identity'
import type { Logger, Readiness } from '@sluice/service'
import { Hono, type MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { type ApprovalRoutes, addApprovalRoutes } from './approvals/approvals-routes.ts'
import type { Authenticator } from './authenticate.ts'
import { checkMayAsk } from './authorise.ts'
import type { ConsoleMetrics } from './console-metrics.ts'
import type { FindingsBook } from './findings/findings-book.ts'
import { addFindingRoutes } from './findings/findings-routes.ts'
import { addKeyRoutes, type KeyList } from './keys-routes.ts'
import { MAX_RESULTS_LIMIT, parse, questionSchemas, readBody, readParameters, sessionIdSchema } from './parameters.ts'
import { addPolicyRoutes, type PolicyRoutes } from './policies/policies-routes.ts'
import { PROBLEM_MEDIA_TYPE, type Problem, problem, problemBody, problemOf, refuse } from './problem.ts'
import type { Questions } from './questions.ts'
import { type ConsoleContext, type ConsoleEnv, jsonText, limitedTo, onlyBy } from './route-basics.ts'
import type { TicketOffice } from './ticket-office.ts'

export type ConsoleDependencies = {
  readonly authenticator: Pick<Authenticator, 'authenticate'>
  readonly tickets: Pick<TicketOffice, 'issue' | 'requestSchema'>
  readonly questions: Questions
  readonly approvals: ApprovalRoutes
  readonly policies: PolicyRoutes
  readonly keys: KeyList
  readonly findings: Pick<FindingsBook, 'list'>
  readonly acceptsHost: (host: string | undefined) => boolean
  readonly readiness: () => Readiness
  readonly metrics: ConsoleMetrics
  readonly log: Logger
  readonly nowMs: () => number
  readonly maxBodyBytes: number
  /** From the whole header to the answer. */
  readonly answerMs: number
}

/** For an API without pages: nothing may be embedded, cached, guessed or passed on. */
const SECURITY_HEADERS: readonly (readonly [string, string])[] = [
  ['cache-control', 'no-store'],
  ['content-security-policy', "default-src 'none'; frame-ancestors 'none'"],
  ['cross-origin-resource-policy', 'same-origin'],
  ['referrer-policy', 'no-referrer'],
  ['strict-transport-security', 'max-age=31536000'],
  ['x-content-type-options', 'nosniff'],
]

export function createApp(dependencies: ConsoleDependencies): Hono<ConsoleEnv> {
  const app = new Hono<ConsoleEnv>()
  app.use(observe(dependencies))
  app.use(async (c, next) => {
    if (!dependencies.acceptsHost(c.req.header('host'))) {
      throw refuse('host_unknown', 'this console does not answer to that host name; use one that its certificate names')
    }
    await next()
  })
  addHealthRoutes(app, dependencies)
  app.use('/v1/*', answeredWithin(dependencies.answerMs))
  app.use('/v1/*', authenticated(dependencies))
  const limited = limitedTo(dependencies.maxBodyBytes)
  addTicketRoutes(app, dependencies, limited)
  addQuestionRoutes(app, dependencies, limited)
  addApprovalRoutes(app, dependencies.approvals, limited)
  addPolicyRoutes(app, dependencies.policies)
  addKeyRoutes(app, dependencies.keys)
  addFindingRoutes(app, dependencies.findings)
  app.notFound((c) => answerProblem(c, problem('route_unknown', 'see the reference of the console API for its routes')))
  app.onError((error, c) => answerProblem(c, problemOfAny(error, c, dependencies.log)))
  return app
}

function addHealthRoutes(app: Hono<ConsoleEnv>, { readiness, metrics }: ConsoleDependencies): void {
  app.get('/healthz', (c) => c.text('ok\n'))
  app.get('/readyz', (c) => {
    const state = readiness()
    return c.json(state, state.ready ? 200 : 503)
  })
  app.get('/metrics', async (c) =>
    c.body(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType }),
  )
  for (const path of ['/healthz', '/readyz', '/metrics']) app.all(path, onlyBy('GET'))
}

function addTicketRoutes(
  app: Hono<ConsoleEnv>,
  { tickets, metrics }: ConsoleDependencies,
  limited: MiddlewareHandler,
): void {
  app.post('/v1/tickets', limited, async (c) => {
    const request = readBody(tickets.requestSchema, await jsonText(c))
    const issued = await tickets.issue(c.get('subject'), request)
    metrics.ticketsIssued.inc()
    return c.json(issued, 201)
  })
  app.all('/v1/tickets', onlyBy('POST'))
}

function addQuestionRoutes(
  app: Hono<ConsoleEnv>,
  { questions, nowMs }: ConsoleDependencies,
  limited: MiddlewareHandler,
): void {
  const schemas = questionSchemas(nowMs)
  const asking: MiddlewareHandler<ConsoleEnv> = async (c, next) => {
    checkMayAsk(c.get('subject'))
    await next()
  }
  app.get('/v1/sessions', asking, async (c) => {
    const { limit, since, before } = readParameters(schemas.sessions, c.req.queries())
    return c.json({ sessions: await questions.listSessions(defined({ limit, since, before })) })
  })
  app.get('/v1/sessions/:id/events', asking, async (c) => {
    const session = parse(sessionIdSchema, c.req.param('id'), 'parameter_invalid')
    const { limit: wanted, after, results } = readParameters(schemas.events, c.req.queries())
    const limit = results === true ? Math.min(wanted, MAX_RESULTS_LIMIT) : wanted
    const events = await questions.sessionEvents(session, defined({ limit, after, results }))
    // A full page may not be the last: `next` is the `after` of the following one.
    const next = events.length < limit ? null : (events.at(-1)?.sequence ?? null)
    return c.json({ events, next })
  })
  app.get('/v1/access', asking, async (c) => {
    const { limit, object, since } = readParameters(schemas.access, c.req.queries())
    return c.json({ access: await questions.accessTo(defined({ object, limit, sinceMicros: since })) })
  })
  app.post('/v1/sql', asking, limited, async (c) => {
    const { query } = readBody(schemas.sql, await jsonText(c))
    return c.json(await questions.runAnalystSql(query))
  })
  for (const path of ['/v1/sessions', '/v1/sessions/:id/events', '/v1/access']) app.all(path, onlyBy('GET'))
  app.all('/v1/sql', onlyBy('POST'))
}

/** What goes on behind a late answer ends by its own bounds; its outcome is dropped. */
function answeredWithin(answerMs: number): MiddlewareHandler<ConsoleEnv> {
  return async (_c, next) => {
    const late = Promise.withResolvers<never>()
    const refusal = refuse('timeout', 'the answer took too long; ask for less, or try later', { 'retry-after': '5' })
    const timer = setTimeout(() => late.reject(refusal), answerMs)
    try {
      await Promise.race([next(), late.promise])
    } finally {
      clearTimeout(timer)
    }
  }
}

function authenticated({ authenticator }: ConsoleDependencies): MiddlewareHandler<ConsoleEnv> {
  return async (c, next) => {
    const address = c.env.incoming.socket.remoteAddress ?? ''
    c.set('subject', await authenticator.authenticate(c.req.header('authorization'), address))
    await next()
  }
}

function observe({ metrics, log }: ConsoleDependencies): MiddlewareHandler<ConsoleEnv> {
  return async (c, next) => {
    const requestId = randomUUID()
    c.set('requestId', requestId)
    const began = performance.now()
    await next()
    const { method } = c.req
    const { status } = c.res
    const route = routePath(c, -1)
    const durationMs = performance.now() - began
    for (const [name, value] of SECURITY_HEADERS) c.res.headers.set(name, value)
    c.res.headers.set('x-request-id', requestId)
    metrics.requests.inc({ route, method: METHODS.has(method) ? method : 'other', status: String(status) })
    metrics.seconds.observe({ route }, durationMs / 1000)
    if (route.startsWith('/v1')) {
      const subject = c.get('subject') as VerifiedSubject | undefined
      log.info(
        {
          event: 'request',
          requestId,
          method,
          route,
          status,
          subject: subject?.id,
          durationMs: Math.round(durationMs),
        },
        'request',
      )
    }
  }
}

const METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

function problemOfAny(error: unknown, c: ConsoleContext, log: Logger): Problem {
  const known = problemOf(error)
  const requestId = c.get('requestId')
  if (known === null) {
    log.error({ event: 'request_failed', requestId, err: error }, 'a request failed')
    return problem('internal', 'it is recorded in the console’s log under the id in `instance`')
  }
  if (known.status >= 500) {
    const cause = error instanceof Error ? error.cause : undefined
    const reason = cause instanceof Error ? cause.message : undefined
    log.warn({ event: 'request_unanswered', requestId, code: known.code, reason }, known.detail)
  }
  return known
}

function answerProblem(c: ConsoleContext, answer: Problem): Response {
  return c.body(problemBody(answer, c.get('requestId') ?? null), answer.status, {
    ...answer.headers,
    'content-type': PROBLEM_MEDIA_TYPE,
  })
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** Leaves out what is undefined, so that optional parameters are absent and not empty. */
function defined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}
