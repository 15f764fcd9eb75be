// SQLSTATEs that more than one part of the gateway says or asks for. Source: PostgreSQL documentation, appendix A.

export const QUERY_CANCELED = '57014'
/** What PostgreSQL says where it has no better code. */
export const INTERNAL_ERROR = 'XX000'

/** How a request ended that the upstream answered with this error. */
export function statusOf(sqlState: string): 'error' | 'cancelled' {
  return sqlState === QUERY_CANCELED ? 'cancelled' : 'error'
}
