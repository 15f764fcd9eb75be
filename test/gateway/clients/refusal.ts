// What a refusal looks like in every client: an ordinary error of insufficient privilege, with policy and event.

import { expect } from 'vitest'
import type { ClientStand } from './client-stand.ts'

/** An error as a client shows it. */
export type Refusal = {
  readonly sqlState: string | undefined
  readonly message: string | undefined
  readonly detail: string | undefined
  readonly hint: string | undefined
}

const DETAIL = /^policy \S.* · event ([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})$/

/** `what` is what was asked, as the message names it: `DELETE`, `COPY`. */
export function expectRefusal({ refusals }: ClientStand, refusal: Refusal, what: string): void {
  expect(refusal.sqlState).toBe('42501')
  expect(refusal.message).toMatch(new RegExp(`^sluice: ${what}.* is not allowed on connection shop$`))
  expect(refusal.hint).toMatch(/\S/)
  expect(refusal.detail).toMatch(DETAIL)
  refusals.push(DETAIL.exec(refusal.detail ?? '')?.[1] ?? '')
}
