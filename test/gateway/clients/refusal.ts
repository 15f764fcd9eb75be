// What a refusal looks like in every client: an ordinary error of insufficient privilege, with policy and event. What
// Sluice itself refuses, whatever the policies say, names no policy.

import { expect } from 'vitest'
import type { ClientStand } from './client-stand.ts'

/** An error as a client shows it. */
export type Refusal = {
  readonly sqlState: string | undefined
  readonly message: string | undefined
  readonly detail: string | undefined
  readonly hint: string | undefined
}

const EVENT = 'event (?<event>[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})'
const BY_POLICY = new RegExp(`^policy \\S.* · ${EVENT}$`)
const BY_SLUICE = new RegExp(`^${EVENT}$`)
const REFUSED_BY_SLUICE = /^sluice: (COPY TO|DECLARE CURSOR) /

/** `what` is what was asked, as the message names it: `DELETE`, `COPY`. */
export function expectRefusal({ refusals }: ClientStand, refusal: Refusal, what: string): void {
  expect(refusal.sqlState).toBe('42501')
  expect(refusal.message).toMatch(new RegExp(`^sluice: ${what}.* is not allowed on connection shop$`))
  expect(refusal.hint).toMatch(/\S/)
  const detail = REFUSED_BY_SLUICE.test(refusal.message ?? '') ? BY_SLUICE : BY_POLICY
  expect(refusal.detail).toMatch(detail)
  refusals.push(detail.exec(refusal.detail ?? '')?.groups?.['event'] ?? '')
}
