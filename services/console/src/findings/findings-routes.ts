// Sensitive data that was seen where no rule expected it.
import type { Hono } from 'hono'
import { checkMayAsk } from '../authorise.ts'
import { type ConsoleEnv, onlyBy } from '../route-basics.ts'
import type { FindingsBook } from './findings-book.ts'

export function addFindingRoutes(app: Hono<ConsoleEnv>, findings: Pick<FindingsBook, 'list'>): void {
  app.get('/v1/findings', (c) => {
    checkMayAsk(c.get('subject'))
    return c.json({ findings: findings.list(c.req.query('connection') ?? null) })
  })
  app.all('/v1/findings', onlyBy('GET'))
}
