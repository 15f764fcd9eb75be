/**
 * The configuration as a table of facts: names, types, bounds and defaults. Paths and secret references are still as
 * written here; `load-config.ts` makes them absolute. Every object is strict: an unknown key is a mistake.
 */
import { maskingRulesSchema } from '@sluice/mask'
import { approvalRulesSchema } from '@sluice/policy'
import { z } from 'zod'

const port = z.int().min(0).max(65_535).describe('a port; 0 takes a free one')
const host = z.string().min(1).max(255)
const path = z.string().min(1).max(4_096)
const name = z
  .string()
  .max(63)
  .regex(/^[a-z][a-z0-9_-]*$/, 'must be lower-case letters, digits, - and _, beginning with a letter')
const httpsUrl = z.url({ protocol: /^https$/, error: 'must be an https:// URL' })
const secretRef = z
  .string()
  .regex(/^(file|env):.+$/, 'must be a reference, file:PATH or env:NAME, never the secret itself')

/** `host:port` as one string, for listeners that only operators see. */
const hostAndPort = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:[\]]+):\d{1,5}$/, 'must be HOST:PORT')
  .transform((text, context) => {
    const cut = text.lastIndexOf(':')
    const parsed = { host: text.slice(0, cut).replace(/^\[|\]$/g, ''), port: Number(text.slice(cut + 1)) }
    if (parsed.port > 65_535) context.addIssue('the port must be at most 65535')
    return parsed
  })

const bytes = (fallback: number, max: number) => z.int().min(1).max(max).default(fallback)
const count = (fallback: number, max: number) => z.int().min(1).max(max).default(fallback)
const millis = (fallback: number, max: number) => z.int().min(1).max(max).default(fallback)

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const MiB = 1_048_576
const GiB = 1024 * MiB

/** Every bound that a client, an upstream or an operator can run into, with its default. */
export const limitsSchema = z.strictObject({
  /** One SQL text; longer ones are refused as a denial, the session lives. */
  statementBytes: bytes(MiB, 64 * MiB),
  /** One message from a client, whatever its type (binds carry values). */
  clientMessageBytes: bytes(16 * MiB, GiB),
  startupPacketBytes: bytes(10_000, 10_000),
  /** From the accepted socket to the authenticated session. */
  handshakeMs: millis(10_000, 10 * MINUTE_MS),
  /** Sockets that are not authenticated yet. */
  handshakes: count(500, 100_000),
  sessions: count(2_000, 100_000),
  /** How long a session may live. */
  sessionMs: millis(12 * HOUR_MS, 30 * 24 * HOUR_MS),
  preparedStatements: count(10_000, 1_000_000),
  /** Memory for all prepared statements of a session. */
  preparedStatementBytes: bytes(64 * MiB, 64 * GiB),
  portals: count(1_000, 100_000),
  /** Replies that a session waits for; with more, the client has to wait. At least 4,096 take effect. */
  pipelinedRequests: count(10_000, 1_000_000),
  /** A command that waits for approval must be read in seconds; longer ones can't be held. */
  heldCommandBytes: bytes(4_096, 64 * 1024),
  /** Commands of one subject, and of all, that wait for approval at the same time. */
  heldPerSubject: count(20, 100_000),
  held: count(2_000, 100_000),
  /** What a client may send ahead while a command of its session waits; with more the wait ends. */
  heldAheadBytes: bytes(4 * MiB, GiB),
  /** From an approval to the execution that it is for. */
  approvalUseMs: millis(MINUTE_MS, HOUR_MS),
  /** So many denials within the pause's time, and a subject's further commands are not held for that time. */
  denialsBeforePause: count(5, 1_000),
  denialPauseMs: millis(10 * MINUTE_MS, 24 * HOUR_MS),
  /** How old a reviewer's authentication may be. */
  reviewerAgeMs: millis(10 * MINUTE_MS, 24 * HOUR_MS),
  upstreamConnectMs: millis(10_000, 10 * MINUTE_MS),
  /** One row of a masked result: it is looked at as a whole. */
  maskedRowBytes: bytes(16 * MiB, GiB),
  /** How long a statement waits for a plan that knows what it uses. */
  planWaitMs: millis(2_000, MINUTE_MS),
  /** How long a drain waits for statements that run. */
  drainMs: millis(3_000, HOUR_MS),
  /** A ticket's life: what is given unasked, and at most. */
  ticketMs: millis(15 * MINUTE_MS, 24 * HOUR_MS),
  ticketMaxMs: millis(HOUR_MS, 24 * HOUR_MS),
  tickets: count(100_000, 10_000_000),
  httpBodyBytes: bytes(64 * 1024, 16 * MiB),
  httpRequestMs: millis(30_000, 10 * MINUTE_MS),
  /** What one question of an analyst may cost. */
  queryMs: millis(10_000, 10 * MINUTE_MS),
  queryRows: count(10_000, 1_000_000),
  queryMemoryBytes: bytes(512 * MiB, 64 * GiB),
})

const issuerSchema = z.strictObject({
  issuer: httpsUrl,
  jwksUri: httpsUrl,
  /** PEM of the CA that signed the issuer's certificate; without it the system's CAs count. */
  authority: path.optional(),
  algorithms: z
    .array(z.enum(['ES256', 'ES384', 'ES512', 'EdDSA', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']))
    .min(1),
  /** The tokens' `typ` header; null where the issuer sets none. */
  type: z.string().min(1).nullable().default('at+jwt'),
  subjectClaim: z.string().min(1).default('sub'),
  kindClaim: z.string().min(1).default('sluice_kind'),
  groupsClaim: z.string().min(1).default('groups'),
  /** The demo's own issuer: its tokens open only connections marked `demo: true`. */
  demo: z.boolean().default(false),
})

const upstreamTlsSchema = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z.literal('verify-full'),
    authority: path.optional(),
    /** The name that the certificate must carry, where it is not the host. */
    serverName: z.string().min(1).optional(),
  }),
  z.strictObject({ mode: z.literal('disable') }),
])

const connectionSchema = z.strictObject({
  protocol: z.literal('postgres'),
  host,
  port: port.min(1).default(5432),
  database: z.string().min(1).max(63),
  tls: upstreamTlsSchema.prefault({ mode: 'verify-full' }),
  credentials: z.strictObject({ user: z.string().min(1).max(63), password: secretRef }),
  demo: z.boolean().default(false),
  labels: z.record(name, z.string().max(255)).default({}),
  /** `off`: statements are decided and recorded, but values pass as they are, and no plan is needed. */
  masking: z.enum(['on', 'off']).default('on'),
})

const healthSchema = z.strictObject({
  proxy: hostAndPort.prefault('127.0.0.1:15490'),
  approver: hostAndPort.prefault('127.0.0.1:15494'),
  masker: hostAndPort.prefault('127.0.0.1:15491'),
  indexer: hostAndPort.prefault('127.0.0.1:15492'),
  console: hostAndPort.prefault('127.0.0.1:15493'),
})

const maskingSchema = z.strictObject({
  /** The secret behind tokens and hashes: the proxies' alone, never published. */
  key: secretRef.optional(),
  /** How long a plan holds that nothing confirmed. */
  planMaxAgeMs: millis(24 * HOUR_MS, 30 * 24 * HOUR_MS),
  /** How often a proxy looks at the catalog of each database. */
  catalogMs: millis(30_000, 24 * HOUR_MS),
  /** Published with the policies. */
  ...maskingRulesSchema.shape,
})

export const configSchema = z.strictObject({
  /** `partition`: of the topics that each node has a part of its own in; two nodes never share one. */
  node: z.strictObject({ id: name, partition: z.int().min(0).max(4_095).default(0) }).prefault({ id: 'node-1' }),
  log: z
    .strictObject({
      kind: z.literal('embedded').default('embedded'),
      dir: path.default('log'),
      journal: z.strictObject({ maxBytes: bytes(4 * GiB, 1024 * GiB) }).prefault({}),
    })
    .prefault({}),
  tls: z.strictObject({ certificate: path, key: path, authority: path }),
  keys: z.strictObject({
    /** The public key that every certificate must be signed with: PEM, or base64 of its 32 bytes. */
    root: path,
    /** A folder of certificates, which the console publishes. */
    certificates: path,
    node: path,
    console: path,
    approver: path,
    approverPublic: path,
    approverPrivate: path,
    maskerPublic: path,
    maskerPrivate: path,
    maskerSigning: path,
  }),
  /** Where each service remembers the highest versions that it has trusted. */
  trust: z.strictObject({ dir: path.default('trust') }).prefault({}),
  policies: z
    .strictObject({
      /** *.cedar and tests/*.yaml, for the command line. */
      dir: path.default('policies'),
      /** How long the last good set holds after a forged, deleted or rolled back one was seen. */
      maxAgeMs: millis(24 * HOUR_MS, 30 * 24 * HOUR_MS),
    })
    .prefault({}),
  approvals: approvalRulesSchema.default({}),
  masking: maskingSchema.prefault({}),
  /** People with several identities: they count as one reviewer, and never review what another identity of theirs asks. */
  people: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(255),
        identities: z
          .array(z.strictObject({ issuer: httpsUrl, id: z.string().min(1).max(255) }))
          .min(1)
          .max(32),
      }),
    )
    .max(10_000)
    .default([]),
  listeners: z
    .strictObject({
      postgres: z
        .strictObject({
          host: host.default('127.0.0.1'),
          port: port.default(15_432),
          plaintext: z.boolean().default(false),
        })
        .prefault({}),
      console: z.strictObject({ host: host.default('127.0.0.1'), port: port.default(15_443) }).prefault({}),
    })
    .prefault({}),
  health: healthSchema.prefault({}),
  identity: z.strictObject({
    issuers: z.array(issuerSchema).min(1).max(32),
    /** Whether a client may send a JWT as cleartext password, inside TLS only. */
    passwordTokens: z.boolean().default(true),
  }),
  clickhouse: z.strictObject({
    url: z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' }),
    user: z.string().min(1).default('sluice'),
    password: secretRef,
    database: name.default('sluice'),
    /** Present: the indexer runs the embedded engine on this folder, behind `url`. */
    embedded: z.strictObject({ path }).optional(),
    authority: path.optional(),
    /** Allows http:// on a loopback address. */
    plaintextLoopback: z.boolean().default(false),
  }),
  connections: z.record(name, connectionSchema),
  limits: limitsSchema.prefault({}),
})

export type ConfigInput = z.input<typeof configSchema>
export type ParsedConfig = z.output<typeof configSchema>
