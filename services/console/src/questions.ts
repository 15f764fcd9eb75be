// The questions that the index answers, as the routes see them. Which database answers is main's choice.
import type { AccessRow, AnalystAnswer, SessionEventRow, SessionRow } from './index-queries/index.ts'

/** Times in microseconds since the epoch. */
export interface Questions {
  listSessions(options: { limit: number; since?: number; before?: number }): Promise<readonly SessionRow[]>
  /** @param session an id, or the beginning of one; `after` a sequence number; `results`: with what was delivered */
  sessionEvents(
    session: string,
    options: { limit: number; after?: number; results?: boolean },
  ): Promise<readonly SessionEventRow[]>
  accessTo(options: { object: string; limit: number; sinceMicros?: number }): Promise<readonly AccessRow[]>
  runAnalystSql(query: string): Promise<AnalystAnswer>
}
