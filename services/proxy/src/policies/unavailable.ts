// Policies or plans that are missing, stale or not trusted now: nothing is permitted then, and that passes.

import { PolicyUnavailable } from '@sluice/events'
import { type Denial, denyProtocol } from '@sluice/policy'

export const TRY_AGAIN = 'Try again in a moment; if it goes on, ask the operator of the gateway.'

export function unavailableDenied({ code, message }: PolicyUnavailable): Denial {
  return denyProtocol(code, message, TRY_AGAIN)
}

/** Returns the PolicyUnavailable that `act` throws. */
export function orUnavailable<Found>(act: () => Found): Found | PolicyUnavailable {
  try {
    return act()
  } catch (error) {
    if (error instanceof PolicyUnavailable) return error
    throw error
  }
}

/** Null where `act` throws no PolicyUnavailable, else why it does, in words for an operator. */
export function unavailableProblem(act: () => unknown): string | null {
  const found = orUnavailable(act)
  return found instanceof PolicyUnavailable ? found.message : null
}
