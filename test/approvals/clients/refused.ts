// What a client is told of a command that does not run, by the names that drivers give to the parts of an error.

import { expect } from 'vitest'
import { REFUSED_BECAUSE } from './held-stand.ts'

export type Told = { readonly sqlState: string; readonly message: unknown; readonly detail: unknown }

const EVENT = 'event [0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}'
const APPROVAL = 'approval [0-9A-Z]{4}-[0-9A-Z]{4}'

const refused = (reason: string, detail: string): Told => ({
  sqlState: '42501',
  message: expect.stringMatching(new RegExp(`^sluice: UPDATE on connection shop was refused: ${reason}$`)),
  detail: expect.stringMatching(new RegExp(`^${detail} · ${EVENT}$`)),
})

export const DENIED = refused(
  `.*olivia denied it: ${REFUSED_BECAUSE}`,
  `${APPROVAL} · policy agents-write-with-approval`,
)
export const EXPIRED = refused('nobody decided in time: .*', `${APPROVAL} · policy agents-write-briefly`)
export const TOO_LONG_TO_JUDGE = refused(
  'it needs an approval, and can not wait for one: it is longer than a person can read .*',
  'policy agents-write-with-approval',
)
export const TOO_LONG_TO_READ: Told = {
  sqlState: '54000',
  message: expect.stringMatching(/^sluice: a statement of 2\d{6} bytes is too long/),
  detail: expect.stringMatching(EVENT),
}
export const CANCELLED: Told = {
  sqlState: '57014',
  message: 'canceling statement due to user request',
  detail: null,
}
/** PostgreSQL's own words. */
export const DUPLICATE: Told = {
  sqlState: '23505',
  message: 'duplicate key value violates unique constraint "agreed_pkey"',
  detail: 'Key (id)=(1) already exists.',
}
export const TRANSACTION_FAILED: Told = {
  sqlState: '25P02',
  message: 'current transaction is aborted, commands ignored until end of transaction block',
  detail: null,
}
