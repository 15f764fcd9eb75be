// The questions, answered by ClickHouse; and what its errors mean to who asked.
import { type ClickHouseClient, ClickHouseError } from '@clickhouse/client'
import { PeerInvalid, SluiceError, UpstreamFailed } from '@sluice/events'
import {
  type AnalystLimits,
  accessTo,
  listSessions,
  type ReadAudit,
  runAnalystSql,
  sessionEvents,
} from './index-queries/index.ts'
import type { Questions } from './questions.ts'

/** Errors of the server that come from a query's text or cost, by the server's name for them. */
const ABOUT_COST: ReadonlySet<string> = new Set([
  'MEMORY_LIMIT_EXCEEDED',
  'TIMEOUT_EXCEEDED',
  'TOO_MANY_BYTES',
  'TOO_MANY_ROWS',
  'TOO_MANY_ROWS_OR_BYTES',
  'TOO_SLOW',
])
const ABOUT_LOAD: ReadonlySet<string> = new Set(['NOT_READY', 'TOO_MANY_SIMULTANEOUS_QUERIES', 'AUTHENTICATION_FAILED'])
const MAX_REASON_CHARACTERS = 300

export type IndexQuestionsOptions = {
  readonly client: ClickHouseClient
  /** A connection of its own: what an analyst's query sets must not reach the console's questions. */
  readonly analystClient: ClickHouseClient
  readonly database: string
  readonly readAudit: ReadAudit
  readonly analystLimits: AnalystLimits
}

export function indexQuestions(options: IndexQuestionsOptions): Questions {
  const { client, analystClient, database, readAudit, analystLimits } = options
  return {
    listSessions: (filter) => answered(listSessions(client, filter)),
    sessionEvents: (session, filter) => answered(sessionEvents(client, session, filter, readAudit)),
    accessTo: (filter) => answered(accessTo(client, filter)),
    runAnalystSql: (query) => answered(runAnalystSql(analystClient, query, database, analystLimits), true),
  }
}

/** Turns whatever a question ends in into an error with a code. Only who wrote the query is told the server's words. */
async function answered<T>(question: Promise<T>, isAnalysts = false): Promise<T> {
  try {
    return await question
  } catch (error) {
    throw meaningOf(error, isAnalysts)
  }
}

export function meaningOf(error: unknown, isAnalysts: boolean): SluiceError {
  if (error instanceof SluiceError) return error
  const type = error instanceof ClickHouseError ? (error.type ?? 'UNKNOWN') : null
  if (type === null || ABOUT_LOAD.has(type)) {
    return new UpstreamFailed('index_unavailable', 'the index does not answer now; nothing is lost, try again later', {
      cause: error,
    })
  }
  if (ABOUT_COST.has(type)) {
    return new PeerInvalid('query_too_costly', `the question costs more than is allowed (${type}); ask for less`, {
      cause: error,
    })
  }
  if (!isAnalysts) {
    return new UpstreamFailed('index_failed', `the index could not answer (${type}); see the console's log`, {
      cause: error,
    })
  }
  const reason = error instanceof Error ? error.message.slice(0, MAX_REASON_CHARACTERS) : ''
  return new PeerInvalid('query_invalid', `the query could not be run (${type}): ${reason}`, { cause: error })
}
