// Microseconds since the epoch. The wall clock has milliseconds; the steps between come from the monotonic clock,
// which is anchored to the wall clock again and again so that it follows it.

const ANCHOR_MS = 1_000

let anchoredAt = Number.NEGATIVE_INFINITY
let wallMinusMonotonic = 0

export function nowMicros(): number {
  const monotonic = performance.now()
  if (monotonic - anchoredAt > ANCHOR_MS) {
    anchoredAt = monotonic
    wallMinusMonotonic = Date.now() - monotonic
  }
  return Math.floor((wallMinusMonotonic + monotonic) * 1_000)
}
