/** The questions that the index answers, and the gate in front of an analyst's own. */
export { type AccessFilter, type AccessRow, accessTo } from './access-to.ts'
export { listSessions, type SessionFilter, type SessionRow } from './list-sessions.ts'
export {
  ANALYST_LIMITS,
  type AnalystAnswer,
  type AnalystColumn,
  type AnalystLimits,
  runAnalystSql,
} from './run-analyst-sql.ts'
export { type EventFilter, type SessionEventRow, sessionEvents } from './session-events.ts'
