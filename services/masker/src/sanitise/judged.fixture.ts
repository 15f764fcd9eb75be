// Results as PostgreSQL sends them, and a plan to judge them by. For tests.

import type { FrameHeader, SensitiveSpan } from '@sluice/events'
import { detectors, type MaskPlan, type PlannedColumn, PlanView } from '@sluice/mask'
import { ValueJudge } from './value-judge.ts'

export const CUSTOMERS = 20_001
const TEXT = 25

export type SentColumn = {
  readonly name: string
  readonly relid?: number
  readonly attno?: number
  readonly type?: number
  readonly format?: number
}

export function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.write(type, 0, 'latin1')
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

export function rowDescription(...columns: readonly SentColumn[]): Buffer {
  const parts = columns.map(({ name, relid = 0, attno = 0, type = TEXT, format = 0 }) => {
    const facts = Buffer.alloc(18)
    facts.writeUInt32BE(relid, 0)
    facts.writeInt16BE(attno, 4)
    facts.writeUInt32BE(type, 6)
    facts.writeInt16BE(-1, 10)
    facts.writeInt32BE(-1, 12)
    facts.writeInt16BE(format, 16)
    return Buffer.concat([Buffer.from(`${name}\0`), facts])
  })
  return message('T', Buffer.concat([int16(columns.length), ...parts]))
}

export function dataRow(...fields: readonly (string | Buffer | null)[]): Buffer {
  const parts = fields.map((field) => {
    if (field === null) return int32(-1)
    const bytes = Buffer.from(field)
    return Buffer.concat([int32(bytes.length), bytes])
  })
  return message('D', Buffer.concat([int16(fields.length), ...parts]))
}

export const completed = message('C', Buffer.from('SELECT 1\0'))

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

/** id and name are clean, email is tagged, notes are scanned. */
export const COLUMNS: readonly SentColumn[] = ['id', 'name', 'email', 'notes'].map((name, index) => ({
  name,
  relid: CUSTOMERS,
  attno: index + 1,
}))

const planned = (attno: number, name: string, rest: Partial<PlannedColumn> = {}): PlannedColumn => ({
  attno,
  name,
  type: TEXT,
  verdict: 'clean',
  tags: [],
  why: '',
  ...rest,
})

export const PLAN: MaskPlan = {
  connection: 'shop',
  databaseId: 16_400,
  serverMajor: 16,
  version: 'a'.repeat(64),
  madeAt: 0,
  catalogHash: 'b'.repeat(64),
  relations: [
    {
      relid: CUSTOMERS,
      schema: 'public',
      name: 'customers',
      kind: 'r',
      readsRunCode: false,
      writesRunCode: false,
      placedByValue: false,
      columns: [
        planned(1, 'id'),
        planned(2, 'name'),
        planned(3, 'email', { verdict: 'tagged', tags: ['pii.email'] }),
        planned(4, 'notes', { verdict: 'scanned' }),
      ],
    },
  ],
  types: [],
  standard: [],
  tags: {},
}

export const VIEW = new PlanView(PLAN)

export const ANALYSED = { kind: 'analysed', tag: 'lineage', count: 1 } as const

export function headerOf(changes: Partial<FrameHeader> = {}): FrameHeader {
  return {
    eventId: '0190a0a0-0000-7000-8000-000000000001',
    sessionId: '0190a0a0-0000-7000-8000-000000000002',
    sequence: 2,
    nodeId: 'node-1',
    time: 0,
    kind: 'finished',
    direction: 'to_client',
    protocol: 'postgres',
    connection: 'shop',
    subject: { issuer: 'i', id: 'a', kind: 'agent', groups: [], onBehalfOf: null },
    operation: 'Query',
    requestId: null,
    actions: [],
    resources: ['shop/public.customers'],
    touches: [],
    fingerprint: null,
    decision: null,
    obligations: [ANALYSED],
    outcome: null,
    clientAddress: null,
    trace: null,
    ...changes,
  }
}

export function judgeOf(spans: readonly SensitiveSpan[] = [], header: Partial<FrameHeader> = {}): ValueJudge {
  return new ValueJudge({ header: headerOf(header), spans, view: VIEW, detectors: detectors({ detectors: [] }) })
}
