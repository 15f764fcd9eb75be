// From bytes of the audit topic to an event that can be indexed, or the reason why it can't.

import { type Audit, type Codec, isUuid, PeerInvalid } from '@sluice/events'
import type { StoredRecord } from '@sluice/stream'

export type Decoded = { readonly ok: true; readonly audit: Audit } | { readonly ok: false; readonly error: string }

/** Whatever is wrong with a record is a value here: nothing that lies in a topic may stop the indexer. */
export function decodeRecord(codec: Pick<Codec<Audit>, 'decode'>, record: StoredRecord): Decoded {
  try {
    const audit = codec.decode(record.value)
    const { eventId, sessionId, requestId, sequence } = audit.header
    if (!isUuid(eventId) || !isUuid(sessionId) || (requestId !== null && !isUuid(requestId))) {
      return { ok: false, error: 'id_malformed: an id of the event is no UUID' }
    }
    if (!Number.isSafeInteger(sequence) || sequence < 0) {
      return { ok: false, error: 'sequence_malformed: the sequence number is negative or too large' }
    }
    return { ok: true, audit }
  } catch (error) {
    const code = error instanceof PeerInvalid ? error.code : 'record_undecodable'
    // The message of an unexpected error could quote the record.
    return { ok: false, error: error instanceof PeerInvalid ? `${code}: ${error.message}` : code }
  }
}
