import { ClickHouseError } from '@clickhouse/client'
import { PeerInvalid } from '@sluice/events'
import { describe, expect, it } from 'vitest'
import { meaningOf } from './index-questions.ts'

const failure = (type: string): ClickHouseError =>
  new ClickHouseError({ message: `no such thing in ${type}`, code: '1', type })

describe('what ends a question', () => {
  it.each<[unknown, boolean, string, string]>([
    [new PeerInvalid('session_unknown', 'd'), false, 'PeerInvalid', 'session_unknown'],
    [new Error('connect ECONNREFUSED'), false, 'UpstreamFailed', 'index_unavailable'],
    [new Error('Timeout error.'), true, 'UpstreamFailed', 'index_unavailable'],
    [failure('NOT_READY'), true, 'UpstreamFailed', 'index_unavailable'],
    [failure('TOO_MANY_SIMULTANEOUS_QUERIES'), false, 'UpstreamFailed', 'index_unavailable'],
    [failure('MEMORY_LIMIT_EXCEEDED'), true, 'PeerInvalid', 'query_too_costly'],
    [failure('TIMEOUT_EXCEEDED'), false, 'PeerInvalid', 'query_too_costly'],
    [failure('UNKNOWN_IDENTIFIER'), true, 'PeerInvalid', 'query_invalid'],
    [failure('UNKNOWN_IDENTIFIER'), false, 'UpstreamFailed', 'index_failed'],
  ])('%s, own query %s: %s %s', (error, isAnalysts, name, code) => {
    expect(meaningOf(error, isAnalysts)).toMatchObject({ name, code })
  })

  it('is told in the words of the server only to who wrote the query, and shortly', () => {
    expect(meaningOf(failure('SYNTAX_ERROR'), true).message).toContain('no such thing')
    expect(meaningOf(failure('SYNTAX_ERROR'), false).message).not.toContain('no such thing')
    const endless = new ClickHouseError({ message: 'x'.repeat(10_000), code: '1', type: 'SYNTAX_ERROR' })
    expect(meaningOf(endless, true).message.length).toBeLessThan(500)
  })
})
