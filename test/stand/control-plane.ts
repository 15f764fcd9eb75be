// What steers a proxy or an approver in a test: a root key, the services' keys with their certificates in the log, and
// what others write: the console's tickets and policy sets, and masking plans as the masker's. The default policies permit
// agents to connect and to read.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfigInput } from '@sluice/config'
import {
  generateSealingKeyPair,
  generateSigningKey,
  importSigningKey,
  type KeyRole,
  LOCAL_REGISTRY_FILE,
  LocalSchemaRegistry,
  nowMicros,
  type PolicyFile,
  publicKeyPem,
  type SigningKey,
  type Subject,
  type Ticket,
  TOPICS,
} from '@sluice/events'
import {
  type CatalogSnapshot,
  type MaskingInput,
  type MaskPlan,
  maskingRulesSchema,
  NO_MASKING_RULES,
} from '@sluice/mask'
import {
  type ApprovalRulesInput,
  approvalRulesJson,
  approvalRulesSchema,
  contentHashOf,
  publishedMasking,
} from '@sluice/policy'
import { EmbeddedLog } from '@sluice/stream'
import { ControlWriter, issueCertificate, publishCertificates } from '@sluice/trust'
import { PlanPublisher } from './plan-publisher.ts'

const SERVICES = ['node', 'console', 'approver', 'masker'] as const
type ServiceRole = (typeof SERVICES)[number]

const APPLIED_BY: Subject = {
  issuer: 'https://issuer.test',
  id: 'admin',
  kind: 'human',
  groups: ['admins'],
  onBehalfOf: null,
}

export const READS_FOR_AGENTS: readonly PolicyFile[] = [
  {
    name: 'stand.cedar',
    text: `@id("stand-connect")
permit (principal in Group::"agents", action == Action::"connect", resource);

@id("stand-reads")
permit (
  principal in Group::"agents",
  action in [Action::"sql:read", Action::"sql:transaction", Action::"sql:session"],
  resource
);

@id("stand-no-changes")
forbid (
  principal in Group::"agents",
  action in [Action::"sql:write", Action::"sql:ddl", Action::"sql:admin"],
  resource
);
`,
  },
]

/** Whatever is not masking's own question. */
export const ALL_BUT_REVEAL: readonly PolicyFile[] = [
  {
    name: 'stand.cedar',
    text: '@id("stand-all") permit (principal, action, resource) unless { action == Action::"reveal" };',
  },
]

export const ONE_DATA_OWNER: ApprovalRulesInput = {
  'data-owner': { reviewers: ['group:data-owners'], count: 1, expires: '10m', inTransaction: { hold: '30s' } },
}

export type SealingPair = { readonly publicKey: Buffer; readonly privateKey: Buffer }

export type ControlPlane = {
  readonly log: EmbeddedLog
  readonly registry: LocalSchemaRegistry
  readonly root: SigningKey
  /** With certificates in the log. */
  readonly signing: Readonly<Record<ServiceRole, SigningKey>>
  readonly approver: SealingPair
  readonly masker: SealingPair
  /** `keys` of a sluice.yaml in `dir`. */
  readonly keys: ConfigInput['keys']
  readonly publishTicket: (ticket: Ticket) => Promise<void>
  /** As the console does: signed, with the next version. */
  readonly publishPolicies: (
    files: readonly PolicyFile[],
    approvalRules?: ApprovalRulesInput,
    masking?: MaskingInput,
  ) => Promise<{ readonly version: number; readonly contentHash: string }>
  /** The plan that a catalog and the rules in force make, signed by the masker's key. Beside a real masker it rejects. */
  readonly publishPlan: (catalog: CatalogSnapshot) => Promise<MaskPlan>
  /** A new key under the root, in the log. */
  readonly certify: (role: KeyRole, name: string, validUntil?: number | null) => Promise<SigningKey>
  readonly close: () => Promise<void>
}

export type ControlPlaneOptions = {
  readonly nodeId?: string
  /** Null publishes none. */
  readonly policies?: readonly PolicyFile[] | null
  readonly approvalRules?: ApprovalRulesInput
  /** As under `masking:` in sluice.yaml: columns, tags, detectors, raise. */
  readonly masking?: MaskingInput
}

/** Writes the keys into `dir`, which has the log in `dir`/log. */
export async function openControlPlane(dir: string, options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const { nodeId = 'node-1', policies = READS_FOR_AGENTS, approvalRules = ONE_DATA_OWNER, masking = {} } = options
  mkdirSync(join(dir, 'log'), { recursive: true })
  mkdirSync(join(dir, 'certificates'))
  const put = (name: string, content: string | Buffer): string => {
    writeFileSync(join(dir, name), content, { mode: 0o600 })
    return name
  }
  const pems = Object.fromEntries(SERVICES.map((role) => [role, generateSigningKey()])) as Record<ServiceRole, string>
  const signing = Object.fromEntries(SERVICES.map((role) => [role, importSigningKey(pems[role])])) as Record<
    ServiceRole,
    SigningKey
  >
  const root = importSigningKey(generateSigningKey())
  const [approver, masker] = await Promise.all([generateSealingKeyPair(), generateSealingKeyPair()])
  const log = EmbeddedLog.open(join(dir, 'log'))
  const registry = LocalSchemaRegistry.open(join(dir, 'log', LOCAL_REGISTRY_FILE))

  const certificateOf = async (key: SigningKey, role: KeyRole, name: string, validUntil: number | null = null) => {
    const time = nowMicros()
    const facts = { key, role, name, validFrom: time, validUntil }
    const value = await issueCertificate(root, facts, { version: 1, previous: null, time })
    put(join('certificates', `${key.keyId}.cert`), `${value.toString('base64')}\n`)
    return value
  }
  const publish = (certificates: readonly Buffer[]) =>
    publishCertificates({ log, registry, root: root.publicKey, certificates, source: '/sluice/consoles/test' })
  await publish(
    await Promise.all(SERVICES.map((role) => certificateOf(signing[role], role, role === 'node' ? nodeId : role))),
  )
  const asConsole = { log, registry, key: signing.console, nowMicros }
  const tickets = await ControlWriter.open({ ...asConsole, topic: TOPICS.tickets, everyKeyOnce: true })
  const sets = await ControlWriter.open({ ...asConsole, topic: TOPICS.policies })
  const plans = new PlanPublisher({ log, registry, key: signing.masker })
  let rulesInForce = NO_MASKING_RULES
  const publishPolicies: ControlPlane['publishPolicies'] = async (files, rules = ONE_DATA_OWNER, written = masking) => {
    const source = {
      files,
      approvalRules: approvalRulesSchema.parse(rules),
      masking: maskingRulesSchema.parse(written),
    }
    const set = {
      contentHash: contentHashOf(source),
      files,
      approvalRules: approvalRulesJson(source.approvalRules),
      masking: publishedMasking(source),
      appliedBy: APPLIED_BY,
    }
    rulesInForce = source.masking
    return { ...(await sets.publish('current', set)), contentHash: set.contentHash }
  }
  if (policies !== null) await publishPolicies(policies, approvalRules)

  return {
    log,
    registry,
    root,
    signing,
    approver,
    masker,
    keys: {
      root: put('root.pub', publicKeyPem(root.publicKey)),
      certificates: 'certificates',
      node: put('node.pem', pems.node),
      console: put('console.pem', pems.console),
      approver: put('approver.pem', pems.approver),
      approverPublic: put('approver.pub', approver.publicKey),
      approverPrivate: put('approver.key', approver.privateKey),
      maskerPublic: put('masker.pub', masker.publicKey),
      maskerPrivate: put('masker.key', masker.privateKey),
      maskerSigning: put('masker.pem', pems.masker),
    },
    publishTicket: async (ticket) => {
      await tickets.publish(ticket.ticketId, ticket)
    },
    publishPolicies,
    publishPlan: (catalog) => plans.publish(catalog, rulesInForce),
    certify: async (role, name, validUntil = null) => {
      const key = importSigningKey(generateSigningKey())
      await publish([await certificateOf(key, role, name, validUntil)])
      return key
    },
    close: () => log.close(),
  }
}
