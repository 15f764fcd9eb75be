/** A held command as the console answers it. */
export const ASKED_MS = Date.parse('2026-03-02T12:00:00Z')

export function approvalAnswer(changes: Readonly<Record<string, unknown>> = {}, requested: object = {}) {
  return {
    approvalId: '0199c2f2-1234-7abc-8def-0123456789ab',
    code: 'K7QM2XPD',
    state: 'open',
    askedAt: '2026-03-02T12:00:00.000001Z',
    nodeId: 'node-1',
    requested: {
      code: 'K7QM2XPD',
      sessionId: '0199c2f0-1234-7abc-8def-0123456789ab',
      execution: 3,
      eventId: '0199c2f1-1234-7abc-8def-0123456789ab',
      subject: { issuer: 'https://id.test', id: 'agent', kind: 'agent', groups: ['agents'], onBehalfOf: null },
      connection: 'shop',
      protocol: 'postgres',
      application: 'psql',
      clientAddress: '127.0.0.1',
      purpose: null,
      trace: null,
      summary: 'UPDATE orders',
      command: "update orders set status = 'shipped' where id = 7",
      parameters: [] as string[],
      commentsRemoved: 0,
      touches: [{ kind: 'table', name: 'public.orders' }],
      estimatedRows: 1,
      inTransaction: false,
      policyIds: ['agents-write-with-approval'],
      policyVersion: 'e94665323085',
      approvalRules: ['data-owner'],
      expiresAt: '2026-03-02T12:10:00.123456Z',
      ...requested,
    },
    votes: [] as { person: string; id: string; reason: string | null }[],
    waitingFor: '1 of group data-owners',
    endedAt: null,
    endedReason: null,
    executed: null,
    mayReview: true,
    revision: 7,
    ...changes,
  }
}

export const EXECUTED = {
  at: '2026-03-02T12:00:20.200000Z',
  status: 'ok',
  code: null,
  rows: 1,
  durationMicros: 4_000,
} as const
