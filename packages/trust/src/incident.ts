// What is told where a record that steers enforcement was not accepted. An incident is not news: the last good record
// of its key holds.

import type { TopicName } from '@sluice/events'

export type IncidentCode =
  /** The signature is not over this record. */
  | 'unsigned'
  /** Its key was never certified under the root key, or not for that time. */
  | 'foreign_key'
  /** Its key may sign, but not this. */
  | 'wrong_role'
  /** A lower version than one that was trusted before. */
  | 'rollback'
  /** Another content, or another past, than the version that was trusted before. */
  | 'fork'
  | 'deleted'
  | 'unreadable'

export type Incident = {
  readonly code: IncidentCode
  readonly topic: TopicName
  /** The record's key: a forged record has what its forger likes, so only plain characters are left of it. */
  readonly key: string
  /** For people. */
  readonly detail: string
}

const MAX_SHOWN_KEY = 80

/** A record's key, safe to print. */
export function shownKey(key: string): string {
  return key.replace(/[^A-Za-z0-9._:@/-]/g, '?').slice(0, MAX_SHOWN_KEY)
}
