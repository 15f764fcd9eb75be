// Errors of the log. Each has a stable code; who uses the log maps codes to its own errors.

export type StreamErrorCode =
  | 'journal_full'
  | 'journal_broken'
  | 'writer_taken'
  | 'group_taken'
  | 'group_missing'
  | 'topic_not_consumed'
  | 'name_invalid'
  | 'record_too_large'
  | 'log_unwritable'
  | 'log_unreadable'
  | 'log_corrupt'
  | 'log_closed'

export class StreamError extends Error {
  readonly code: StreamErrorCode

  constructor(code: StreamErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StreamError'
    this.code = code
  }
}

/** The journal reached its bound: nothing is recorded until records were trimmed or the bound was raised. */
export class JournalFull extends StreamError {
  constructor(message: string) {
    super('journal_full', message)
    this.name = 'JournalFull'
  }
}

/** The journal could not be written: the disk is full, gone or failing. It tries again by itself. */
export class JournalBroken extends StreamError {
  constructor(message: string, cause?: unknown) {
    super('journal_broken', message, cause)
    this.name = 'JournalBroken'
  }
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** What a failed write is reported as; errors of the log itself stay as they are. */
export function unwritable(file: string, cause: unknown): StreamError {
  if (cause instanceof StreamError) return cause
  return new StreamError(
    'log_unwritable',
    `${file} can't be written (${reasonOf(cause)}): nothing was written. Free space on its disk, or repair it or its permissions, then try again.`,
    cause,
  )
}
