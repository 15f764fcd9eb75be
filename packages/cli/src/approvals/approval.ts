/** A held command as the console answers it: read strictly, since a vote is bound to every part of it. */
import { parseApprovalCode, shownDigest } from '@sluice/policy'
import { z } from 'zod'
import { CliFailure } from '../failure.ts'

const isoTime = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z$/)

/** It is printed as it is, and typed again. */
const code = z.string().refine((text) => parseApprovalCode(text) === text)

const requestedSchema = z.object({
  code,
  sessionId: z.string(),
  execution: z.int(),
  eventId: z.string(),
  subject: z.object({
    issuer: z.string(),
    id: z.string(),
    kind: z.enum(['human', 'agent', 'service']),
    groups: z.array(z.string()),
    onBehalfOf: z.string().nullable(),
  }),
  connection: z.string(),
  protocol: z.string(),
  application: z.string().nullable(),
  clientAddress: z.string().nullable(),
  purpose: z.string().nullable(),
  trace: z.string().nullable(),
  summary: z.string(),
  command: z.string(),
  parameters: z.array(z.string()),
  commentsRemoved: z.int(),
  touches: z.array(
    z.object({ kind: z.enum(['table', 'cascade', 'trigger', 'rule', 'view', 'function']), name: z.string() }),
  ),
  estimatedRows: z.number().nullable(),
  inTransaction: z.boolean(),
  policyIds: z.array(z.string()),
  policyVersion: z.string(),
  approvalRules: z.array(z.string()),
  expiresAt: isoTime,
})

const approvalSchema = z.object({
  approvalId: z.string(),
  code,
  state: z.enum(['open', 'approved', 'denied', 'expired', 'withdrawn', 'executed']),
  askedAt: isoTime,
  requested: requestedSchema,
  votes: z.array(z.object({ person: z.string(), reason: z.string().nullable() })),
  waitingFor: z.string().nullable(),
  endedAt: isoTime.nullable(),
  endedReason: z.string().nullable(),
  executed: z
    .object({
      at: isoTime,
      status: z.string(),
      code: z.string().nullable(),
      rows: z.number(),
      durationMicros: z.number(),
    })
    .nullable(),
  mayReview: z.boolean(),
  /** Grows with each change. */
  revision: z.number(),
})

export type Approval = Readonly<z.output<typeof approvalSchema>>
export type ShownRequest = Approval['requested']

/** Of everything that the request holds and a reviewer is shown: what the vote is bound to. */
export function digestOf({ approvalId, requested }: Approval): Buffer {
  return shownDigest(approvalId, { ...requested, expiresAt: microsOf(requested.expiresAt) })
}

/** `2026-03-02T12:00:00.123456Z` as microseconds since the epoch; a `Date` would lose the last three digits. */
export function microsOf(isoTime: string): number {
  const [seconds = '', fraction = ''] = isoTime.slice(0, -1).split('.')
  return Date.parse(`${seconds}Z`) * 1_000 + Number(fraction.padEnd(6, '0'))
}

const listSchema = z.object({ approvals: z.array(approvalSchema), revision: z.number() })

export type ApprovalList = { readonly approvals: readonly Approval[]; readonly revision: number }

const voteSchema = z.object({ result: z.enum(['counted', 'approved', 'denied']), approval: approvalSchema })

export type VoteAnswer = z.output<typeof voteSchema>

export function readVoteAnswer(answer: unknown): VoteAnswer {
  return read(voteSchema, answer, 'result of a vote')
}

export function readApproval(answer: unknown): Approval {
  return read(approvalSchema, answer, 'approval')
}

export function readApprovals(answer: unknown): ApprovalList {
  return read(listSchema, answer, 'list of approvals')
}

function read<T>(schema: z.ZodType<T>, answer: unknown, what: string): T {
  const parsed = schema.safeParse(answer)
  if (parsed.success) return parsed.data
  const where = parsed.error.issues[0]?.path.map(String).join('.') ?? ''
  throw new CliFailure(
    `the console answered no ${what} as this command line knows it${where === '' ? '' : ` (${where})`}; are both of the same version?`,
  )
}
