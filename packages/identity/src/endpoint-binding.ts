// The channel binding `tls-server-end-point` (RFC 5929 section 4): a hash of the server's certificate by the hash
// function of that certificate's own signature.
import { createHash } from 'node:crypto'
import { PeerInvalid, PeerUnsupported } from '@sluice/events'

/** Signature algorithms by the hex of their object identifier. MD5 and SHA-1 are replaced by SHA-256 (RFC 5929). */
const HASH_OF_SIGNATURE: Readonly<Record<string, string>> = {
  '2a864886f70d010104': 'sha256', // md5WithRSAEncryption
  '2a864886f70d010105': 'sha256', // sha1WithRSAEncryption
  '2a864886f70d01010e': 'sha224', // sha224WithRSAEncryption
  '2a864886f70d01010b': 'sha256', // sha256WithRSAEncryption
  '2a864886f70d01010c': 'sha384', // sha384WithRSAEncryption
  '2a864886f70d01010d': 'sha512', // sha512WithRSAEncryption
  '2a8648ce3d0401': 'sha256', // ecdsa-with-SHA1
  '2a8648ce3d040301': 'sha224', // ecdsa-with-SHA224
  '2a8648ce3d040302': 'sha256', // ecdsa-with-SHA256
  '2a8648ce3d040303': 'sha384', // ecdsa-with-SHA384
  '2a8648ce3d040304': 'sha512', // ecdsa-with-SHA512
}
const RSA_PSS = '2a864886f70d01010a'
const HASH_BY_ID: Readonly<Record<string, string>> = {
  '2b0e03021a': 'sha256', // SHA-1
  '608648016503040204': 'sha224',
  '608648016503040201': 'sha256',
  '608648016503040202': 'sha384',
  '608648016503040203': 'sha512',
}
const SEQUENCE = 0x30
const OBJECT_IDENTIFIER = 0x06
const PSS_HASH_FIELD = 0xa0

type Element = { readonly tag: number; readonly content: Buffer; readonly rest: Buffer }

/**
 * @param certificate DER
 * @throws PeerUnsupported where the signature has no hash of its own (Ed25519): there -PLUS can't be offered.
 */
export function endpointBinding(certificate: Buffer): Buffer {
  const tbsCertificate = element(expect(certificate, SEQUENCE).content)
  const algorithm = expect(tbsCertificate.rest, SEQUENCE)
  const identifier = expect(algorithm.content, OBJECT_IDENTIFIER)
  const id = identifier.content.toString('hex')
  const hash = id === RSA_PSS ? pssHash(identifier.rest) : HASH_OF_SIGNATURE[id]
  if (hash === undefined) {
    throw new PeerUnsupported(
      'channel_binding_unsupported',
      'the certificate has a signature without a hash function of its own',
    )
  }
  return createHash(hash).update(certificate).digest()
}

/** RFC 4055 section 3.1: the hash stands in the first field, by default it is SHA-1. */
function pssHash(parameters: Buffer): string | undefined {
  const fields = expect(parameters, SEQUENCE).content
  if (fields.length === 0) return 'sha256'
  const first = element(fields)
  if (first.tag !== PSS_HASH_FIELD) return 'sha256'
  return HASH_BY_ID[expect(expect(first.content, SEQUENCE).content, OBJECT_IDENTIFIER).content.toString('hex')]
}

function expect(bytes: Buffer, tag: number): Element {
  const found = element(bytes)
  if (found.tag !== tag) throw invalid()
  return found
}

/** One element of DER (X.690 section 8.1) and what stands behind it. */
function element(bytes: Buffer): Element {
  const tag = bytes[0]
  const short = bytes[1]
  if (tag === undefined || short === undefined) throw invalid()
  const lengthBytes = short < 0x80 ? 0 : short & 0x7f
  if (lengthBytes > 4 || short === 0x80 || bytes.length < 2 + lengthBytes) throw invalid()
  const length = lengthBytes === 0 ? short : bytes.readUIntBE(2, lengthBytes)
  const end = 2 + lengthBytes + length
  if (end > bytes.length) throw invalid()
  return { tag, content: bytes.subarray(2 + lengthBytes, end), rest: bytes.subarray(end) }
}

function invalid(): PeerInvalid {
  return new PeerInvalid('certificate_malformed', 'the certificate is no DER certificate')
}
