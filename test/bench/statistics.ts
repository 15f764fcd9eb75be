// Medians, spreads, and ratios taken within a round: what else runs on the machine then touches both sides alike.

export type Spread = { readonly median: number; readonly low: number; readonly high: number }

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

export const spread = (values: readonly number[]): Spread => ({
  median: median(values),
  low: Math.min(...values),
  high: Math.max(...values),
})

export type Percentiles = { readonly p50: number; readonly p99: number; readonly highest: number }

/** Each is a value that was measured: the smallest that so many of a hundred do not exceed. */
export const percentiles = (values: readonly number[]): Percentiles => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (part: number): number => sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), highest: at(1) }
}

/** What one target reached in one round. */
export type Sample = {
  readonly target: string
  readonly round: number
  readonly value: number
  readonly cpuMicros: number | null
}

/** Spread of `target / reference` over the rounds that have both; null where none has. */
export const ratios = (samples: readonly Sample[], target: string, reference: string): Spread | null => {
  const reached = (name: string, round: number): number | undefined =>
    samples.find((sample) => sample.target === name && sample.round === round)?.value
  const rounds = new Set(samples.map(({ round }) => round))
  const both = [...rounds].flatMap((round) => {
    const [own, other] = [reached(target, round), reached(reference, round)]
    return own === undefined || other === undefined || other === 0 ? [] : [own / other]
  })
  return both.length === 0 ? null : spread(both)
}
