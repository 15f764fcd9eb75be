// The masker's signature on an audit record: over the topic and the record's own bytes up to the signature, which is
// the last field. So it covers header, links, and what was shown, withheld and altered.

import type { Audit } from './audit.ts'
import { type AuditCodec, FRAMING_BYTES } from './codec.ts'
import type { SigningKey, VerifyingKey } from './signing.ts'
import { TOPICS } from './topics.ts'

const SIGNATURE_BYTES = 64
/** Avro's length of 64 takes two bytes. */
const SIGNATURE_FIELD_BYTES = 2 + SIGNATURE_BYTES
const PREFIX = Buffer.from(`sluice-audit-v1\0${TOPICS.audit}\0`)

function auditSigningBytes(bodyBeforeSignature: Buffer): Buffer {
  return Buffer.concat([PREFIX, bodyBeforeSignature])
}

/** Encodes and signs an audit event: the record's value. */
export function signAudit(
  codec: AuditCodec,
  audit: Omit<Audit, 'maskerKeyId' | 'maskerSignature'>,
  key: SigningKey,
): Buffer {
  const value = codec.encode({ ...audit, maskerKeyId: key.keyId, maskerSignature: Buffer.alloc(SIGNATURE_BYTES) })
  const signed = value.subarray(FRAMING_BYTES, value.length - SIGNATURE_FIELD_BYTES)
  key.sign(auditSigningBytes(signed)).copy(value, value.length - SIGNATURE_BYTES)
  return value
}

/** Whether an audit record was signed by this masker, and not changed since. Throws PeerInvalid on garbage. */
export function verifyAudit(codec: AuditCodec, value: Buffer, key: VerifyingKey): boolean {
  const { audit, signedBytes } = codec.read(value)
  return audit.maskerKeyId === key.keyId && key.verify(auditSigningBytes(signedBytes), audit.maskerSignature)
}
