// What a reviewer was shown, as a digest: a vote carries it, and the approver takes no vote on anything else. Both sides
// compute it, the command line from what it prints, the approver from the record.

import { createHash } from 'node:crypto'
import type { Requested } from '@sluice/events'

const PREFIX = 'sluice-shown-v1'

/** Everything but the digest that the approval is bound to, which nobody is shown. */
export type Shown = Omit<Requested, 'commandDigest'>

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** Field by field, so that what else an object carries changes nothing; `satisfies` keeps the list complete. */
function shownFields(approvalId: string, shown: Shown): Json {
  const { subject } = shown
  return {
    approvalId,
    ...({
      code: shown.code,
      sessionId: shown.sessionId,
      execution: shown.execution,
      eventId: shown.eventId,
      subject: {
        issuer: subject.issuer,
        id: subject.id,
        kind: subject.kind,
        groups: subject.groups,
        onBehalfOf: subject.onBehalfOf,
      },
      connection: shown.connection,
      protocol: shown.protocol,
      application: shown.application,
      clientAddress: shown.clientAddress,
      purpose: shown.purpose,
      trace: shown.trace,
      summary: shown.summary,
      command: shown.command,
      parameters: shown.parameters,
      commentsRemoved: shown.commentsRemoved,
      touches: shown.touches.map(({ kind, name }) => ({ kind, name })),
      estimatedRows: shown.estimatedRows,
      inTransaction: shown.inTransaction,
      policyIds: shown.policyIds,
      policyVersion: shown.policyVersion,
      approvalRules: shown.approvalRules,
      expiresAt: shown.expiresAt,
    } satisfies Record<keyof Shown, Json>),
  }
}

/** JSON without white space, names in the order of their UTF-16 units: one text for one value. */
function canonical(value: Json): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value)
  if (isList(value)) return `[${value.map(canonical).join(',')}]`
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`
}

function isList(value: readonly Json[] | { readonly [name: string]: Json }): value is readonly Json[] {
  return Array.isArray(value)
}

/** SHA-256 over the prefix, NUL and canonical JSON. Times are microseconds, as in the record. */
export function shownDigest(approvalId: string, requested: Shown): Buffer {
  return createHash('sha256')
    .update(`${PREFIX}\0${canonical(shownFields(approvalId, requested))}`)
    .digest()
}
