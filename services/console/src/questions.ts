// The questions that the index answers, as the routes see them. Which database answers is main's choice.

export type Row = Readonly<Record<string, unknown>>

export interface Questions {
  listSessions(options: { limit: number; since?: number; before?: number }): Promise<unknown>
  sessionEvents(session: string, options: { limit: number; after?: number }): Promise<unknown>
  accessTo(options: { object: string; limit: number; sinceMicros?: number }): Promise<unknown>
  runAnalystSql(query: string): Promise<unknown>
}
