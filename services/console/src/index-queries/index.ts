/** The questions that the index answers, and the gate in front of an analyst's own. */
export { type AccessRow, accessTo } from './access-to.ts'
export { listSessions, type SessionRow } from './list-sessions.ts'
export {
  ANALYST_LIMITS,
  type AnalystAnswer,
  type AnalystLimits,
  runAnalystSql,
} from './run-analyst-sql.ts'
export { type ReadAudit, type SessionEventRow, sessionEvents } from './session-events.ts'
