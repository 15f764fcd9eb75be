/**
 * Who may steer: certificates under the pinned root key, and records that are signed, versioned and never go back.
 * Writers sign and number; readers deliver only what the right role signed, and tell everything else as an incident.
 */
export { type CertificateFacts, issueCertificate, type PublishOptions, publishCertificates } from './certificate.ts'
export { ControlReader, type ControlReaderOptions } from './control-reader.ts'
export { ControlWriter, type ControlWriterOptions } from './control-writer.ts'
export type { Incident, IncidentCode } from './incident.ts'
export { readRootKey } from './root-key.ts'
export type { RecordHandler, SignerStanding, TrustedRecord } from './signed-topic.ts'
export { TrustedKeys, type TrustedKeysOptions } from './trusted-keys.ts'
export type { Place } from './version-check.ts'
export { VersionMemory } from './version-memory.ts'
