// Audit events for tests: sessions as the masker would publish them.

import { createHash } from 'node:crypto'
import type { Audit, FrameHeader, FrameKind } from '@sluice/events'

/** A UUIDv7-like id that is the same for the same words. */
export function idOf(...words: readonly (string | number)[]): string {
  const hex = createHash('sha256').update(words.join(' ')).digest('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** Far ahead, so that no row of a test ever is too old to be kept. */
export const SESSION_START_MICROS = Date.UTC(2090, 0, 1) * 1_000

export type AuditPart = Partial<Omit<FrameHeader, 'kind'>> & {
  readonly kind: FrameKind
  readonly text?: string
  readonly claims?: Readonly<Record<string, string>>
}

export function audit(session: string, sequence: number, { text, claims, ...header }: AuditPart): Audit {
  const subject = {
    issuer: 'https://issuer',
    id: 'agent',
    kind: 'agent',
    groups: ['agents'],
    onBehalfOf: null,
  } as const
  return {
    header: {
      eventId: idOf(session, sequence),
      sessionId: idOf(session),
      sequence,
      nodeId: 'node-1',
      time: SESSION_START_MICROS + sequence * 1_000,
      direction: 'none',
      protocol: 'postgres',
      connection: 'shop',
      subject,
      operation: header.kind,
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
      ...header,
    },
    sensitiveSpans: [],
    context: null,
    segments: [],
    text: text ?? null,
    claims: claims ?? {},
    unsanitised: false,
    closing: null,
    previousLink: Buffer.alloc(32),
    link: Buffer.alloc(32),
    maskerKeyId: 'masker',
    maskerSignature: Buffer.alloc(64),
  }
}

/** Opened, `commands` statements of two events each, closed. */
export function sessionOf(name: string, commands: number): readonly Audit[] {
  const events = [
    audit(name, 0, {
      kind: 'session_opened',
      clientAddress: '127.0.0.1',
      claims: { application_name: 'psql', user: 'app' },
    }),
  ]
  for (let index = 0; index < commands; index++) {
    const requestId = idOf(name, events.length)
    const statement = {
      actions: ['sql:read'],
      resources: ['shop/public.customers'],
      decision: {
        effect: 'permit',
        policyIds: ['read'],
        policyVersion: 'v1',
        reasonCode: null,
        approvalId: null,
        grantId: null,
      },
      text: `select ${index} from customers`,
    } as const
    events.push(audit(name, events.length, { kind: 'request', direction: 'to_upstream', ...statement }))
    const outcome = { status: 'ok', code: null, rows: 1, bytes: 10, durationMicros: 500 } as const
    events.push(
      audit(name, events.length, { kind: 'finished', direction: 'to_client', requestId, outcome, ...statement }),
    )
  }
  const outcome = { status: 'ok', code: null, rows: 0, bytes: 0, durationMicros: 0 } as const
  events.push(audit(name, events.length, { kind: 'session_closed', outcome }))
  return events
}
