// The real proxy as a child process with a configuration of its own, in front of a real database; tickets are made as
// the console makes them, and its journal can be opened with the masker's key. With masking there is the real masker too,
// or a plan that the test has made.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Frame,
  frameCodec,
  importSealingPrivateKey,
  type LocalSchemaRegistry,
  nowMicros,
  type OpenedSegment,
  SealOpener,
  type SegmentKind,
  TOPICS,
} from '@sluice/events'
import { createAuthority, issueServerCertificate, newTicket, ticketUser } from '@sluice/identity'
import type { MaskingInput, MaskPlan } from '@sluice/mask'
import type { EmbeddedLog } from '@sluice/stream'
import { stringify } from 'yaml'
import { catalogReader } from '../../services/proxy/src/postgres/catalog/catalog.fixture.ts'
import { type ControlPlane, type ControlPlaneOptions, openControlPlane } from './control-plane.ts'
import { GATEWAY_PASSWORD, GATEWAY_ROLE, type ProxiedDatabase } from './database.ts'
import { type Issuer, startIssuer } from './issuer.ts'
import { plansInForce } from './plans-in-force.ts'
import { type ServiceProcess, startServices } from './service-process.ts'
import { storedRecords } from './stored-records.ts'

const SESSIONS_END_MS = 30_000
const PLAN_MS = 60_000
/** However slow the machine is: a statement that nobody waits for is not slower for it. */
const PLAN_WAIT_MS = 20_000
const MASKING_KEY = 'a key that is only for tests, of 32 bytes at least'
const EVERY_KIND: ReadonlySet<SegmentKind> = new Set(['text', 'literal', 'comment', 'bind', 'result', 'claim'])

export type Login = { readonly user: string; readonly password: string }

export type RecordedFrame = Frame & {
  /** Each segment's bytes, opened with the masker's key. */
  readonly opened: readonly OpenedSegment[]
}

export type RunningProxy = {
  readonly host: '127.0.0.1'
  readonly port: number
  readonly healthUrl: string
  readonly dir: string
  readonly authorityFile: string
  readonly authority: string
  readonly issuer: Issuer
  /** Keys, certificates, tickets and policies. */
  readonly control: ControlPlane
  readonly child: ServiceProcess['child']
  readonly log: ServiceProcess['log']
  readonly ticket: (options?: {
    readonly ttlMs?: number
    readonly connection?: string | null
    /** Whose: the agent's unless said otherwise. */
    readonly agent?: string
  }) => Promise<Login>
  /** A complete libpq URL with certificate check. */
  readonly url: (login: Login, database?: string) => string
  readonly frames: () => Promise<readonly RecordedFrame[]>
  /** Resolves when the journal has the ends of so many sessions. */
  readonly sessionsEnded: (count: number) => Promise<void>
  /** With masking by a masker. */
  readonly masker: ServiceProcess | null
  /** With masking by the test: a plan of the catalog as it is now, in the log. The proxy has it in a moment. */
  readonly publishPlan: () => Promise<MaskPlan>
  /** Ends the process alone: its folder, its log and its issuer stay. */
  readonly stopProcess: ServiceProcess['stop']
  readonly stop: () => Promise<void>
}

export type ProxyOptions = Pick<ControlPlaneOptions, 'policies' | 'approvalRules'> & {
  readonly limits?: Readonly<Record<string, number>>
  readonly plaintext?: boolean
  readonly journalBytes?: number
  /** Overrides parts of the connection `shop`. */
  readonly connection?: Readonly<Record<string, unknown>>
  /**
   * Masks what `shop` answers by these rules: `{}` are those that are built in. It starts when there is a plan. Without
   * this nothing is masked.
   */
  readonly masking?: MaskingInput
  /** Who makes the plan: the real masker, or this process, which is faster. */
  readonly plannedBy?: 'masker' | 'test'
  /** Further settings of `masking:`, such as how often the catalog is looked at. */
  readonly maskingSettings?: Readonly<Record<string, number>>
  /** Further sections of the configuration: `people`, `trust`, … */
  readonly sections?: Readonly<Record<string, unknown>>
}

export async function startProxy(database: ProxiedDatabase, options: ProxyOptions = {}): Promise<RunningProxy> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-proxy-'))
  const authority = await createAuthority('Sluice test authority')
  const certificate = await issueServerCertificate(authority, { names: ['localhost'], ips: ['127.0.0.1'] })
  const issuer = await startIssuer(authority)
  const { policies, approvalRules, masking, plannedBy = 'masker' } = options
  const control = await openControlPlane(dir, {
    ...(policies === undefined ? {} : { policies }),
    ...(approvalRules === undefined ? {} : { approvalRules }),
    ...(masking === undefined ? {} : { masking }),
  })
  const put = (name: string, content: string | Buffer): string => {
    writeFileSync(join(dir, name), content, { mode: 0o600 })
    return name
  }
  put('upstream.pem', database.authority.certificate)
  const authorityFile = join(dir, put('ca.pem', authority.certificate))
  const configFile = join(
    dir,
    put(
      'sluice.yaml',
      stringify({
        node: { id: 'node-1' },
        log: {
          dir: 'log',
          ...(options.journalBytes === undefined ? {} : { journal: { maxBytes: options.journalBytes } }),
        },
        tls: {
          certificate: put('server.pem', certificate.certificate),
          key: put('server.key', certificate.key),
          authority: 'ca.pem',
        },
        keys: control.keys,
        listeners: { postgres: { port: 0, plaintext: options.plaintext ?? false }, console: { port: 0 } },
        health: { proxy: '127.0.0.1:0', masker: '127.0.0.1:0' },
        identity: {
          issuers: [{ issuer: issuer.url, jwksUri: issuer.jwksUri, authority: 'ca.pem', algorithms: ['ES256'] }],
        },
        clickhouse: { url: 'http://127.0.0.1:1', password: 'env:NONE', plaintextLoopback: true },
        connections: {
          shop: {
            protocol: 'postgres',
            host: database.server.host,
            port: database.server.port,
            database: database.name,
            tls: { mode: 'verify-full', authority: 'upstream.pem' },
            credentials: { user: GATEWAY_ROLE, password: `file:${put('password', GATEWAY_PASSWORD)}` },
            masking: masking === undefined ? 'off' : 'on',
            ...options.connection,
          },
        },
        ...(masking === undefined
          ? {}
          : { masking: { ...masking, key: `file:${put('masking.key', MASKING_KEY)}`, ...options.maskingSettings } }),
        limits: { ...(masking === undefined ? {} : { planWaitMs: PLAN_WAIT_MS }), ...options.limits },
        ...options.sections,
      }),
    ),
  )

  const publishPlan = async (): Promise<MaskPlan> => control.publishPlan(await catalogReader(database).read())
  if (masking !== undefined && plannedBy === 'test') await publishPlan()
  const hasMasker = masking !== undefined && plannedBy === 'masker'
  const [running, masker = null] = await startServices(hasMasker ? ['proxy', 'masker'] : ['proxy'], configFile)
  if (running === undefined) throw new Error('no proxy was started')
  if (masking !== undefined && !(await plansInForce(running.addresses['health'] ?? '', ['shop'], PLAN_MS)))
    throw new Error(`no masking plan is in force: ${running.log()} ${masker?.log() ?? ''}`)
  const frames = (): Promise<readonly RecordedFrame[]> =>
    readFrames(control.log, control.registry, control.masker.privateKey)
  return {
    ...reachedAt(running, authorityFile),
    host: '127.0.0.1',
    dir,
    authorityFile,
    authority: authority.certificate,
    issuer,
    control,
    ticket: async ({ ttlMs = 900_000, connection = null, agent = 'agent' } = {}) => {
      const subject = { issuer: issuer.url, id: agent, kind: 'agent', groups: ['agents'], onBehalfOf: null } as const
      const { ticket, secret } = await newTicket({ subject, connection, task: null, ttlMs, now: nowMicros() })
      await control.publishTicket(ticket)
      return { user: ticketUser(agent, ticket.ticketId), password: secret }
    },
    frames,
    masker,
    publishPlan,
    sessionsEnded: async (count) => {
      const until = performance.now() + SESSIONS_END_MS
      while (performance.now() < until) {
        const ended = (await frames()).filter(({ header }) => header.kind === 'session_closed')
        if (ended.length >= count) return
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      throw new Error(`${count} sessions have not ended in time: ${running.log()}`)
    },
    stop: async () => {
      await running.stop()
      await masker?.stop()
      await control.close()
      await issuer.stop()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** What there is to know of a process of a proxy, the first or one that came in its place. */
export function reachedAt(
  { addresses, child, log, stop }: ServiceProcess,
  authorityFile: string,
): Pick<RunningProxy, 'port' | 'healthUrl' | 'child' | 'log' | 'stopProcess' | 'url'> {
  const port = Number(/:(\d+)$/.exec(addresses['postgres'] ?? '')?.[1] ?? 0)
  return {
    port,
    healthUrl: addresses['health'] ?? '',
    child,
    log,
    stopProcess: stop,
    url: ({ user, password }, name = 'shop') =>
      `postgresql://${encodeURIComponent(user)}:${encodeURIComponent(password)}@localhost:${port}/${name}?sslmode=verify-full&sslrootcert=${encodeURIComponent(authorityFile)}`,
  }
}

async function readFrames(
  log: EmbeddedLog,
  registry: LocalSchemaRegistry,
  key: Buffer,
): Promise<readonly RecordedFrame[]> {
  const codec = await frameCodec(registry)
  const privateKey = await importSealingPrivateKey(key)
  const openers = new Map<string, SealOpener>()
  const frames: RecordedFrame[] = []
  for await (const { value } of storedRecords(log, TOPICS.frames)) {
    const frame = codec.decode(value)
    const { sessionId } = frame.header
    if (frame.sessionKey !== null) {
      openers.set(sessionId, await SealOpener.fromWrapped(sessionId, frame.sessionKey, privateKey))
    }
    frames.push({
      ...frame,
      opened:
        openers
          .get(sessionId)
          ?.open(frame.segments, frame.sealed, EVERY_KIND)
          .filter((segment) => segment !== null) ?? [],
    })
  }
  return frames
}
