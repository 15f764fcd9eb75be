// The messages of SCRAM (RFC 5802 section 7) as text that can't be wrong: parsing and nothing else.
// Bytes are read as Latin-1, so that what was signed is what was sent, byte for byte.
import { PeerInvalid } from '@sluice/events'

/** Far above any real message: a nonce of 32 characters, a binding of 64 bytes, a salt of 16. */
export const MAX_SCRAM_MESSAGE_BYTES = 4096
const MAX_NONCE_CHARACTERS = 1024
const NONCE = /^[\x21-\x2b\x2d-\x7e]+$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

export type ChannelBindingFlag = 'n' | 'y' | 'p'

export type ClientFirst = {
  /** `n,,`, `y,,` or `p=tls-server-end-point,,`: repeated by the client's final message. */
  readonly gs2Header: string
  readonly flag: ChannelBindingFlag
  readonly bare: string
  readonly nonce: string
}
export type ServerFirst = { readonly nonce: string; readonly salt: Buffer; readonly iterations: number }
export type ClientFinal = {
  readonly withoutProof: string
  readonly binding: Buffer
  readonly nonce: string
  readonly proof: Buffer
}
export type ServerFinal = { readonly kind: 'signature'; readonly signature: Buffer } | { readonly kind: 'error' }

export function malformed(what: string): PeerInvalid {
  return new PeerInvalid('scram_malformed', `the SCRAM message is malformed: ${what}`)
}

function textOf(message: Buffer): string {
  if (message.length > MAX_SCRAM_MESSAGE_BYTES) throw malformed('it is too long')
  if (message.includes(0)) throw malformed('it holds a NUL')
  return message.toString('latin1')
}

function attributeValue(attribute: string | undefined, name: string): string {
  if (attribute === undefined || !attribute.startsWith(`${name}=`)) throw malformed(`attribute ${name} is missing`)
  return attribute.slice(2)
}

function base64Of(attribute: string | undefined, name: string): Buffer {
  const text = attributeValue(attribute, name)
  if (text === '' || !BASE64.test(text)) throw malformed(`attribute ${name} is no base64`)
  return Buffer.from(text, 'base64')
}

function nonceOf(attribute: string | undefined): string {
  const nonce = attributeValue(attribute, 'r')
  if (nonce.length > MAX_NONCE_CHARACTERS || !NONCE.test(nonce)) throw malformed('the nonce is not printable')
  return nonce
}

const GS2_HEADER = /^(?:(n|y)|p=([A-Za-z0-9.-]+)),(a=[^,]*)?,/

export function parseClientFirst(message: Buffer): ClientFirst {
  const text = textOf(message)
  const header = GS2_HEADER.exec(text)
  if (header === null) throw malformed('it has no GS2 header')
  if (header[3] !== undefined) throw malformed('an authorisation identity is not supported')
  if (header[2] !== undefined && header[2] !== 'tls-server-end-point') {
    throw new PeerInvalid('scram_channel_binding', 'only the channel binding tls-server-end-point is supported')
  }
  const bare = text.slice(header[0].length)
  const attributes = bare.split(',')
  if (attributes[0]?.startsWith('m=')) throw malformed('it demands an extension that is not supported')
  attributeValue(attributes[0], 'n')
  return {
    gs2Header: header[0],
    flag: header[1] === 'n' || header[1] === 'y' ? header[1] : 'p',
    bare,
    nonce: nonceOf(attributes[1]),
  }
}

const ITERATIONS = /^[1-9][0-9]{0,9}$/

export function parseServerFirst(message: Buffer): ServerFirst {
  const attributes = textOf(message).split(',')
  if (attributes[0]?.startsWith('m=')) throw malformed('it demands an extension that is not supported')
  const nonce = nonceOf(attributes[0])
  const salt = base64Of(attributes[1], 's')
  const iterations = attributeValue(attributes[2], 'i')
  if (!ITERATIONS.test(iterations)) throw malformed('the iteration count is no number')
  return { nonce, salt, iterations: Number(iterations) }
}

export function parseClientFinal(message: Buffer): ClientFinal {
  const text = textOf(message)
  const attributes = text.split(',')
  const proofAttribute = attributes.at(-1)
  const proof = base64Of(proofAttribute, 'p')
  if (attributes.length < 3) throw malformed('an attribute is missing')
  return {
    withoutProof: text.slice(0, -((proofAttribute?.length ?? 0) + 1)),
    binding: base64Of(attributes[0], 'c'),
    nonce: nonceOf(attributes[1]),
    proof,
  }
}

export function parseServerFinal(message: Buffer): ServerFinal {
  const attributes = textOf(message).split(',')
  if (attributes[0]?.startsWith('e=')) return { kind: 'error' }
  return { kind: 'signature', signature: base64Of(attributes[0], 'v') }
}
