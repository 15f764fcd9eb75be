/**
 * Everything that happens is an event. This package has the events' types, their schemas' codecs, the topics they go
 * to, and how they are sealed, linked and signed. It knows no log, no protocol and no service.
 */
export type * from './audit.ts'
export { signAudit, verifyAudit } from './audit-signature.ts'
export { closingBytes, contentRoot, EMPTY_ROOT, firstLink, nextLink } from './chain.ts'
export { nowMicros } from './clock.ts'
export { cloudEventHeaders, type HeadersJson, isoMicros } from './cloud-events.ts'
export {
  type AuditCodec,
  auditCodec,
  type Codec,
  type ContentOf,
  type ControlTopic,
  controlCodec,
  deadLetterCodec,
  FRAMING_BYTES,
  type FrameCodec,
  frameCodec,
  readSchema,
  valueSubject,
} from './codec.ts'
export type * from './control.ts'
export { controlHash, isSignedBy, signControl } from './control-signature.ts'
export type * from './dead-letter.ts'
export * from './errors.ts'
export type * from './frame.ts'
export {
  type EventPart,
  FrameRecorder,
  type FrameRecorderOptions,
  type RecordedEvent,
} from './frame-recorder.ts'
export { freeMemory } from './free-memory.ts'
export type { SessionFacts } from './header-writer.ts'
export { MAX_EVENT_PAYLOAD_BYTES } from './record-room.ts'
export { LOCAL_REGISTRY_FILE, LocalSchemaRegistry, type SchemaRegistry } from './schema-registry.ts'
export { SessionSealer } from './seal.ts'
export { SealOpener } from './seal-opener.ts'
export {
  generateSealingKeyPair,
  importSealingPrivateKey,
  importSealingPublicKey,
  openText,
  REVIEW_TOKEN_INFO,
  type SealedText,
  type SealingPrivateKey,
  type SealingPublicKey,
  sealText,
} from './sealing-keys.ts'
export {
  MAX_PART_BYTES,
  type OpenedSegment,
  PreparedSegment,
  type RawSegment,
} from './segments.ts'
export { isShowableClaim, isShowableName, WITHHELD } from './showable.ts'
export {
  generateSigningKey,
  importSigningKey,
  importVerifyingKey,
  publicKeyPem,
  readPublicKey,
  type SigningKey,
  signingKeyId,
  type VerifyingKey,
} from './signing.ts'
export type * from './ticket.ts'
export { retentionOf, type ServiceName, TOPIC_FACTS, TOPICS, type TopicFacts, type TopicName } from './topics.ts'
export { isUuid, uuidBytes, uuidv7 } from './uuid.ts'
