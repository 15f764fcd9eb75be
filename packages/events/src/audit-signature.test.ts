import { describe, expect, it } from 'vitest'
import { signAudit, verifyAudit } from './audit-signature.ts'
import { auditCodec } from './codec.ts'
import { PeerInvalid } from './errors.ts'
import { MemorySchemaRegistry } from './memory-schema-registry.ts'
import { generateSigningKey, importSigningKey, importVerifyingKey } from './signing.ts'
import { uuidv7 } from './uuid.ts'

const subject = { issuer: 'i', id: 'a', kind: 'agent', groups: [], onBehalfOf: null } as const
const segment = { kind: 'text', label: '', length: 6, commitment: Buffer.alloc(32, 1), part: 0, parts: 1 } as const
const unsigned = {
  header: {
    eventId: uuidv7(),
    sessionId: uuidv7(),
    sequence: 3,
    nodeId: 'node-1',
    time: 1_763_000_000_000_000,
    kind: 'request',
    direction: 'to_upstream',
    protocol: 'postgres',
    connection: 'shop',
    subject,
    operation: 'Query',
    requestId: null,
    actions: ['sql:read'],
    resources: ['shop/public.customers'],
    touches: [],
    fingerprint: null,
    decision: null,
    obligations: [],
    outcome: null,
    clientAddress: null,
    trace: null,
  },
  sensitiveSpans: [],
  context: null,
  segments: [
    {
      ...segment,
      disclosure: 'shown',
      nonce: Buffer.alloc(32, 2),
      bytes: Buffer.from('select'),
      reason: null,
      tag: null,
    },
  ],
  text: 'select',
  claims: {},
  unsanitised: false,
  closing: null,
  previousLink: Buffer.alloc(32, 3),
  link: Buffer.alloc(32, 4),
} as const

/** Refused by the signature, or by the codec before. */
function outcomeOf(verify: () => boolean): string {
  try {
    return verify() ? 'accepted' : 'refused'
  } catch (error) {
    return error instanceof PeerInvalid ? 'refused' : String(error)
  }
}

describe('the signature of an audit record', () => {
  it('covers every byte of it', async () => {
    const codec = await auditCodec(new MemorySchemaRegistry())
    const key = importSigningKey(generateSigningKey())
    const verifying = importVerifyingKey(key.publicKey)
    const value = signAudit(codec, unsigned, key)
    expect(verifyAudit(codec, value, verifying)).toBe(true)
    expect(codec.decode(value)).toMatchObject({ ...unsigned, maskerKeyId: key.keyId })
    for (let at = 0; at < value.length; at++) {
      const changed = Buffer.from(value)
      changed[at] = (changed[at] as number) ^ 0x01
      expect([at, outcomeOf(() => verifyAudit(codec, changed, verifying))]).toEqual([at, 'refused'])
    }
    expect(verifyAudit(codec, value, importVerifyingKey(importSigningKey(generateSigningKey()).publicKey))).toBe(false)
  })
})
