// What operators see of the masker.

import { Counter, Gauge, type Registry } from '@sluice/service'

export type MaskerMetrics = {
  readonly audited: Counter<'outcome'>
  readonly problems: Counter<'code'>
  readonly deadLetters: Counter<'code'>
  readonly repeated: Counter
  readonly failures: Counter
  readonly lag: Gauge
}

export function maskerMetrics(registry: Registry): MaskerMetrics {
  const registers = [registry]
  return {
    audited: new Counter({
      name: 'sluice_masker_audited_events_total',
      help: 'Events written to the audit stream, by outcome: sanitised or unsanitised',
      labelNames: ['outcome'],
      registers,
    }),
    problems: new Counter({
      name: 'sluice_masker_unsanitised_total',
      help: 'Events whose payload was withheld as a whole, by the code of the reason',
      labelNames: ['code'],
      registers,
    }),
    deadLetters: new Counter({
      name: 'sluice_masker_dead_letters_total',
      help: 'Frames that could not be read and went whole to the dead-letter topic, by code',
      labelNames: ['code'],
      registers,
    }),
    repeated: new Counter({
      name: 'sluice_masker_repeated_total',
      help: 'Events that came once more, unchanged, and were not published again',
      registers,
    }),
    failures: new Counter({
      name: 'sluice_masker_batch_failures_total',
      help: 'Batches that could not be published or written down and were tried again',
      registers,
    }),
    lag: new Gauge({
      name: 'sluice_masker_lag_records',
      help: 'Frames in the log that were not audited yet',
      registers,
    }),
  }
}
