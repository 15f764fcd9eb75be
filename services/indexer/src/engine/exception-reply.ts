// ClickHouse's exceptions as its HTTP interface reports them: `Code: N. DB::Exception: text (NAME)`, the number in a
// header, and the status that the server would choose.

export type ExceptionReply = { readonly status: number; readonly code: number; readonly text: string }

const STATUS_OF: Readonly<Record<number, number>> = {
  36: 400,
  43: 400,
  47: 404,
  60: 404,
  62: 400,
  81: 404,
  115: 400,
  159: 408,
  164: 403,
  202: 503,
  456: 400,
  497: 403,
  516: 401,
}

export function exceptionReply(error: unknown): ExceptionReply {
  const text = (error instanceof Error ? error.message : String(error)).replace(/^Query failed: /, '').trim()
  const code = Number(/^Code: (\d+)\./.exec(text)?.[1] ?? 0)
  return code === 0 ? engineException(1002, text, 'UNKNOWN_EXCEPTION') : { status: STATUS_OF[code] ?? 500, code, text }
}

/** An exception of our own front, in the words and numbers of ClickHouse. */
export function engineException(code: number, message: string, name: string, status?: number): ExceptionReply {
  return { status: status ?? STATUS_OF[code] ?? 500, code, text: `Code: ${code}. DB::Exception: ${message} (${name})` }
}

export const AUTHENTICATION_FAILED = engineException(
  516,
  'Authentication failed: wrong user or password.',
  'AUTHENTICATION_FAILED',
)
export const TOO_MANY_QUERIES = engineException(
  202,
  'Too many requests are waiting for the embedded engine.',
  'TOO_MANY_SIMULTANEOUS_QUERIES',
)

export const ANSWER_TOO_LARGE = engineException(
  396,
  'Limit for result exceeded: the answer is longer than max_result_bytes.',
  'TOO_MANY_ROWS_OR_BYTES',
)

export function bodyTooLarge(maxBytes: number): ExceptionReply {
  return engineException(
    12,
    `The request has more than ${maxBytes} bytes; send less at once.`,
    'PARAMETER_OUT_OF_BOUND',
    413,
  )
}
