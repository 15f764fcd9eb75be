/** When a crashed child is started again. */

const FIRST_MS = 250
const MAX_MS = 10_000
/** A child that was up this long counts as healthy again. */
export const STEADY_MS = 30_000

/** @param attempt how many restarts there were since it was last steady */
export function restartDelayMs(attempt: number): number {
  return Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempt, 16))
}
