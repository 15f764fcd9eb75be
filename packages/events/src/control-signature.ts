// The signature of a record that steers enforcement: over the topic, the record's key and the record's own bytes up to
// the signature, which is the last field.

import { type Codec, FRAMING_BYTES } from './codec.ts'
import type { Seal, Signed } from './control.ts'
import { sha256 } from './digest.ts'
import type { SigningKey, VerifyingKey } from './signing.ts'
import type { TopicName } from './topics.ts'

const SIGNATURE_BYTES = 64
/** Avro's length of 64 takes two bytes. */
const SIGNATURE_FIELD_BYTES = 2 + SIGNATURE_BYTES

function signedBytes(topic: TopicName, recordKey: string, value: Buffer): Buffer {
  const body = value.subarray(FRAMING_BYTES, value.length - SIGNATURE_FIELD_BYTES)
  return Buffer.concat([Buffer.from(`sluice-control-v1\0${topic}\0${recordKey}\0`), body])
}

/** Encodes and signs: the record's value. */
export function signControl<Content>(
  codec: Codec<Signed<Content>>,
  topic: TopicName,
  recordKey: string,
  content: Content,
  place: Pick<Seal, 'version' | 'previous' | 'time'>,
  key: SigningKey,
): Buffer {
  const seal: Seal = { ...place, keyId: key.keyId, signature: Buffer.alloc(SIGNATURE_BYTES) }
  const value = codec.encode({ ...content, seal })
  key.sign(signedBytes(topic, recordKey, value)).copy(value, value.length - SIGNATURE_BYTES)
  return value
}

/** Whether this key signed these very bytes for this topic and record key. */
export function isSignedBy(key: VerifyingKey, topic: TopicName, recordKey: string, value: Buffer): boolean {
  if (value.length < FRAMING_BYTES + SIGNATURE_FIELD_BYTES) return false
  return key.verify(signedBytes(topic, recordKey, value), value.subarray(value.length - SIGNATURE_BYTES))
}

/** What the next version names as `previous`. */
export function controlHash(value: Buffer): Buffer {
  return sha256(value)
}
