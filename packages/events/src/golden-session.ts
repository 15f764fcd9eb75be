// One short session with fixed keys, nonces, ids and times: its bytes must never change. Used by tests; docs/events.md
// shows its links. Built from the codec and the chain's functions, not by the recorder, which makes its own nonces.

import { closingBytes, contentRoot, EMPTY_CONTENT, firstLink, nextLink } from './chain.ts'
import type { FrameCodec } from './codec.ts'
import { sha256 } from './digest.ts'
import type { Frame, FrameHeader, Segment } from './frame.ts'
import { importSigningKey, type SigningKey } from './signing.ts'

/** RFC 8032, section 7.1, test 1. */
const NODE_KEY_SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
const PKCS8_ED25519 = '302e020100300506032b657004220420'

export function goldenNodeKey(): SigningKey {
  const der = Buffer.from(PKCS8_ED25519 + NODE_KEY_SEED, 'hex').toString('base64')
  return importSigningKey(`-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`)
}

const SESSION_ID = '019aa3f4-5c00-7000-8000-000000000001'

const header = (sequence: number, kind: FrameHeader['kind'], rest: Partial<FrameHeader> = {}): FrameHeader => ({
  eventId: `019aa3f4-5c00-7000-8000-0000000001${String(sequence).padStart(2, '0')}`,
  sessionId: SESSION_ID,
  sequence,
  nodeId: 'node-1',
  time: 1_763_683_200_000_000 + sequence,
  kind,
  direction: 'none',
  protocol: 'postgres',
  connection: 'shop',
  subject: { issuer: 'https://issuer.example', id: 'agent-7', kind: 'agent', groups: ['agents'], onBehalfOf: null },
  operation: 'open',
  requestId: null,
  actions: [],
  resources: [],
  touches: [],
  fingerprint: null,
  decision: null,
  obligations: [],
  outcome: null,
  clientAddress: null,
  trace: null,
  ...rest,
})

/** The nonce of the n-th segment of the session: 32 times the byte n + 1. */
export const goldenNonce = (index: number): Buffer => Buffer.alloc(32, index + 1)

function segment(index: number, kind: Segment['kind'], label: string, bytes: Buffer): Segment {
  return { kind, label, length: bytes.length, commitment: sha256(goldenNonce(index), bytes), part: 0, parts: 1 }
}

const EVENTS: readonly { readonly header: FrameHeader; readonly segments: readonly Segment[] }[] = [
  { header: header(0, 'session_opened', { clientAddress: '127.0.0.1' }), segments: [] },
  {
    header: header(1, 'request', {
      direction: 'to_upstream',
      operation: 'Query',
      actions: ['sql:read'],
      resources: ['shop/public.customers'],
      decision: {
        effect: 'permit',
        policyIds: ['readers'],
        policyVersion: 'v1',
        reasonCode: null,
        approvalId: null,
        grantId: null,
      },
    }),
    segments: [
      segment(0, 'text', 'sql', Buffer.from('select name from customers where id = \0')),
      segment(1, 'literal', 'number', Buffer.from('42')),
    ],
  },
  { header: header(2, 'session_closed', { operation: 'close' }), segments: [] },
]

/** The frames of the session, linked and closed. Nothing is sealed: only descriptions and commitments are covered. */
export function goldenSession(codec: FrameCodec): Frame[] {
  const key = goldenNodeKey()
  const frames: Frame[] = []
  let previousLink = firstLink(SESSION_ID, key.publicKey)
  for (const event of EVENTS) {
    const unlinked: Frame = {
      ...event,
      sensitiveSpans: [],
      context: null,
      sealed: null,
      sessionKey: null,
      closing: null,
      previousLink,
      link: previousLink,
    }
    const { headerBytes, contentBytes } = codec.read(codec.encode(unlinked))
    const root = event.segments.length === 0 ? contentRoot(EMPTY_CONTENT) : contentRoot(contentBytes)
    const link = nextLink(previousLink, headerBytes, root)
    const isLast = event.header.kind === 'session_closed'
    const count = event.header.sequence + 1
    const closing = { count, signature: key.sign(closingBytes(SESSION_ID, count, link)), keyId: key.keyId }
    frames.push({ ...unlinked, link, closing: isLast ? closing : null })
    previousLink = link
  }
  return frames
}
