// Why a held command was given up, in words for people: the approver records them, and the console says the same.

import type { WithdrawReason } from '@sluice/events'

/** A node that starts gives up all that it held before, without saying so of each. */
export type GivenUpReason = WithdrawReason | 'node_started'

const BECAUSE: Readonly<Record<GivenUpReason, string>> = {
  cancelled: 'who asked cancelled it',
  client_left: 'who asked went away',
  upstream_lost: 'the connection to the database was lost',
  timed_out: 'nobody decided in time',
  session_ended: 'the session ended',
  changed: 'what it depends on changed before it ran',
  node_started: 'the proxy that held it was started again',
}

export function withdrawnBecause(reason: GivenUpReason): string {
  return BECAUSE[reason]
}
