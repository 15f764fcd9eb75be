import { describe, expect, it } from 'vitest'
import { cloudEventHeaders, isoMicros } from './cloud-events.ts'
import type { FrameHeader } from './frame.ts'

const header: FrameHeader = {
  eventId: '019a0000-0000-7000-8000-000000000001',
  sessionId: '019a0000-0000-7000-8000-000000000002',
  sequence: 12,
  nodeId: 'node "1"',
  time: 1_763_683_200_000_042,
  kind: 'request',
  direction: 'none',
  protocol: 'postgres',
  connection: 'shop',
  subject: { issuer: '', id: '', kind: 'agent', groups: [], onBehalfOf: null },
  operation: 'Query',
  requestId: null,
  actions: [],
  resources: [],
  touches: [],
  fingerprint: null,
  decision: null,
  obligations: [],
  outcome: null,
  clientAddress: null,
  trace: null,
}

describe('cloudEventHeaders', () => {
  it('has the attributes of CloudEvents 1.0 as a flat map of strings', () => {
    expect(JSON.parse(cloudEventHeaders(header))).toEqual({
      ce_id: header.eventId,
      ce_source: '/sluice/nodes/node "1"',
      ce_specversion: '1.0',
      ce_type: 'sluice.audit.request.v1',
      ce_time: '2025-11-21T00:00:00.000042Z',
      ce_subject: header.sessionId,
      ce_sequence: '12',
      'content-type': 'application/avro',
    })
  })

  it('hands on what the client said of its trace, escaped', () => {
    const headers = JSON.parse(cloudEventHeaders({ ...header, nodeId: 'b', trace: '00-"x"\n-01' }))
    expect(headers).toMatchObject({
      ce_type: 'sluice.audit.request.v1',
      ce_source: '/sluice/nodes/b',
      traceparent: '00-"x"\n-01',
    })
  })
})

describe('isoMicros', () => {
  it('agrees with Date', () => {
    for (const millis of [0, 999, 1_763_683_199_999, 1_763_683_200_000, 253_402_300_799_999 / 64]) {
      const whole = Math.floor(millis)
      expect(isoMicros(whole * 1_000 + 7)).toBe(`${new Date(whole).toISOString().slice(0, -1)}007Z`)
    }
  })
})
