// Certificates of services' keys: signed by the root once, published by the console whenever a log has none of them.

import {
  type Codec,
  controlCodec,
  FRAMING_BYTES,
  type HeadersJson,
  importVerifyingKey,
  isSignedBy,
  type KeyCertificate,
  PeerInvalid,
  type SchemaRegistry,
  type Seal,
  type Signed,
  type SigningKey,
  signControl,
  signingKeyId,
  TOPICS,
} from '@sluice/events'
import type { EventLog } from '@sluice/stream'
import { recordHeaders } from './record-headers.ts'
import { sealOf, storedBatches } from './stored-records.ts'

const NO_LOG: SchemaRegistry = {
  idOf: async () => 0,
  versionsOf: async () => [],
  schemaOf: async () => {
    throw new PeerInvalid('schema_unknown', 'a certificate outside a log has no schema id')
  },
}

export type CertificateFacts = Omit<KeyCertificate, 'keyId' | 'publicKey'> & {
  /** The service's public key. */
  readonly key: { readonly publicKey: Buffer }
}

/** A certificate as it is kept in a file: a record's value for no log in particular. */
export async function issueCertificate(
  root: SigningKey,
  facts: CertificateFacts,
  place: Pick<Seal, 'version' | 'previous' | 'time'>,
): Promise<Buffer> {
  const { key, ...rest } = facts
  const keyId = signingKeyId(key.publicKey)
  const content = { ...rest, keyId, publicKey: key.publicKey }
  return signControl(await controlCodec(NO_LOG, TOPICS.keys), TOPICS.keys, keyId, content, place, root)
}

export type PublishOptions = {
  readonly log: EventLog
  readonly registry: SchemaRegistry
  /** The 32 bytes of the root's public key. */
  readonly root: Buffer
  /** As from `issueCertificate`. */
  readonly certificates: readonly Buffer[]
  readonly source: string
}

/**
 * Appends those that the log doesn't have in this version or a later one.
 * Throws PeerInvalid `certificate_invalid` before anything is written where one is not signed by the root.
 */
export async function publishCertificates(options: PublishOptions): Promise<{ readonly published: number }> {
  const { log, registry, root, certificates, source } = options
  const codec = await controlCodec(registry, TOPICS.keys)
  const wanted = certificates.map((value) => checked(codec, root, value))
  const producer = await log.producer(TOPICS.keys)
  try {
    const there = await versionsIn(log, codec, root)
    const missing = wanted.filter(({ content }) => content.seal.version > (there.get(content.keyId) ?? 0))
    const records = missing.map(({ content, value }) => ({
      key: Buffer.from(content.keyId),
      value,
      headers: headersOf(content, source),
    }))
    if (records.length > 0) await producer.append(records)
    return { published: records.length }
  } finally {
    await producer.close()
  }
}

type Checked = { readonly content: Signed<KeyCertificate>; readonly value: Buffer }

function checked(codec: Codec<Signed<KeyCertificate>>, root: Buffer, certificate: Buffer): Checked {
  const value = Buffer.from(certificate)
  // The signature leaves the framing out, since another log gives the schema another id.
  if (value.length >= FRAMING_BYTES) value.writeInt32BE(codec.schemaId, 1)
  const content = codec.decode(value)
  if (content.seal.keyId !== signingKeyId(root) || !isRootSigned(root, content.keyId, value)) {
    throw new PeerInvalid(
      'certificate_invalid',
      'a certificate is not signed by the root key; issue it anew, or pin the root key that it was signed with',
    )
  }
  return { content, value }
}

function isRootSigned(root: Buffer, keyId: string, value: Buffer): boolean {
  return isSignedBy(importVerifyingKey(root), TOPICS.keys, keyId, value)
}

/** The highest version of each key's certificate. */
async function versionsIn(
  log: EventLog,
  codec: Codec<Signed<KeyCertificate>>,
  root: Buffer,
): Promise<ReadonlyMap<string, number>> {
  const versions = new Map<string, number>()
  for await (const { records } of storedBatches(log, TOPICS.keys)) {
    for (const { key, value } of records) {
      const keyId = key.toString('utf8')
      const version = sealOf(codec, value)?.version ?? 0
      if (version > (versions.get(keyId) ?? 0) && isRootSigned(root, keyId, value)) versions.set(keyId, version)
    }
  }
  return versions
}

function headersOf({ keyId: subject, seal }: Signed<KeyCertificate>, source: string): HeadersJson {
  const { time, version } = seal
  return recordHeaders({ source, type: 'sluice.key.certified.v1', time, subject, version })
}
