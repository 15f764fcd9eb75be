import { AuditUnavailable, ConfigInvalid, PeerInvalid, PeerUnsupported, UpstreamFailed } from '@sluice/events'
import { describe, expect, it } from 'vitest'
import { problemBody, problemOf, refuse } from './problem.ts'

describe('an error as a problem', () => {
  it.each([
    [new PeerInvalid('token_expired', 'd'), 401],
    [new PeerInvalid('token_whatever_comes', 'd'), 401],
    [new PeerInvalid('issuer_unavailable', 'd'), 503],
    [new PeerInvalid('query_invalid', 'd'), 400],
    [new PeerInvalid('session_unknown', 'd'), 404],
    [new PeerUnsupported('query_refused', 'd'), 422],
    [new UpstreamFailed('index_unavailable', 'd'), 503],
    [new AuditUnavailable('ticket_log_unavailable', 'd'), 503],
    [new ConfigInvalid('config_invalid', 'd'), 500],
    [refuse('group_required', 'd'), 403],
  ])('%s has status %i', (error, status) => {
    const answer = problemOf(error)
    expect(answer?.status).toBe(status)
    expect(answer?.title).not.toBe('')
    expect(answer?.headers['retry-after'] !== undefined).toBe(status === 503)
    expect(answer?.headers['www-authenticate'] !== undefined).toBe(status === 401)
  })

  it('is none where it is our own bug', () => {
    for (const error of [new Error('x'), new TypeError('x'), null, 'x', { code: 'token_expired' }])
      expect(problemOf(error)).toBeNull()
  })

  it('is written as RFC 9457 has it', () => {
    expect(JSON.parse(problemBody(refuse('body_invalid', 'why').problem, 'id'))).toEqual({
      type: 'urn:sluice:problem:body_invalid',
      title: 'The body is not valid',
      status: 400,
      detail: 'why',
      code: 'body_invalid',
      instance: 'urn:uuid:id',
    })
  })
})
