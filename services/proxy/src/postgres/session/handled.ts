// What can become of a client's message, and the bounds that it has to keep.

/** `later`: nothing was done with the message, it has to come again when the upstream is ready or skips. */
export type Handled = 'done' | 'later' | 'terminate' | { readonly violation: string }

export type RequestLimits = {
  readonly preparedStatements: number
  /** Memory for all of a session's prepared statements. */
  readonly preparedStatementBytes: number
  readonly portals: number
  readonly pipelinedRequests: number
}
