// CloudEvents 1.0 attributes of a signed record, Kafka binary mode.

import { type HeadersJson, isoMicros, uuidv7 } from '@sluice/events'

export type RecordFacts = {
  readonly source: string
  readonly type: string
  /** Microseconds since the epoch, UTC. */
  readonly time: number
  /** The record's key. */
  readonly subject: string
  readonly version: number
}

export function recordHeaders({ source, type, time, subject, version }: RecordFacts): HeadersJson {
  return JSON.stringify({
    ce_id: uuidv7(),
    ce_source: source,
    ce_specversion: '1.0',
    ce_type: type,
    ce_time: isoMicros(time),
    ce_subject: subject,
    ce_sequence: String(version),
    'content-type': 'application/avro',
  })
}
