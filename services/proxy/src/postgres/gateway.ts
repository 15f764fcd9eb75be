// The listener: bounds on how many connect at once, one admission and one session for each socket, drain at the end.

import { randomBytes } from 'node:crypto'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { isShowableClaim, PeerInvalid, PolicyUnavailable, type RawSegment } from '@sluice/events'
import { ScramKeyCache } from '@sluice/identity'
import type { PolicyDecision, StatementAccess } from '@sluice/policy'
import type { Logger } from '@sluice/service'
import type { GroupCommit } from '@sluice/session'
import type { ApprovalDesk } from '../approvals/approval-desk.ts'
import type { ProxyMetrics } from '../metrics.ts'
import { FollowedPolicy } from '../policies/followed-policy.ts'
import type { Policies } from '../policies/policy-follower.ts'
import { type Admission, type AdmissionOptions, type Admitted, admit, protocolError } from './handshake/admit.ts'
import { LookTurns } from './hold/look-turns.ts'
import { ConnectionMasks } from './masking/connection-masks.ts'
import { decideMasked } from './masking/decide-masked.ts'
import type { GatewayMasking } from './masking-parts.ts'
import { GatewaySession } from './session/gateway-session.ts'
import type { RequestLimits } from './session/handled.ts'
import { connectRefused, planMissing } from './session/refusals.ts'
import type { Opening } from './session/session-parts.ts'
import type { StatementReader } from './session/statements.ts'
import type { SessionFactory } from './session-factory.ts'
import type { ReaderOptions } from './sql-reader.ts'
import { CancelRegistry, cancelUpstream } from './upstream/cancel.ts'
import { type CancelKey, connectUpstream, type Upstream } from './upstream/connect.ts'
import { GUARDED_SETTINGS } from './upstream/guarded-settings.ts'
import { QUIET_SCANS, TREE_SETTINGS } from './upstream/tree-settings.ts'
import type { FrameBounds } from './wire/client-framer.ts'
import { destroyInTime } from './wire/close-in-time.ts'
import * as encode from './wire/encode.ts'

export type GatewayLimits = RequestLimits &
  FrameBounds & {
    readonly handshakeMs: number
    readonly handshakes: number
    readonly sessions: number
    readonly sessionMs: number
    readonly upstreamConnectMs: number
    readonly heldCommandBytes: number
    readonly heldAheadBytes: number
  }

export type GatewayOptions = {
  readonly admission: Omit<AdmissionOptions, 'mockKey'>
  readonly sessions: SessionFactory
  readonly commit: GroupCommit
  readonly readers: { readonly readerFor: (options: ReaderOptions) => StatementReader }
  readonly masking: GatewayMasking
  readonly policies: Policies
  readonly desk: ApprovalDesk
  readonly limits: GatewayLimits
  readonly log: Logger
  readonly metrics: ProxyMetrics
}

const TOO_MANY: encode.ErrorReport = {
  severity: 'FATAL',
  sqlState: '53300',
  message: 'sluice: too many connections',
  hint: 'Close some, or ask the operator to raise limits.sessions.',
}
const GOING_DOWN: encode.ErrorReport = {
  severity: 'FATAL',
  sqlState: '57P01',
  message: 'sluice: the gateway is being stopped',
  hint: 'Connect again.',
}
const DRAIN_POLL_MS = 25

export class PostgresGateway {
  readonly #options: GatewayOptions
  readonly #admission: AdmissionOptions
  readonly #server: Server
  readonly #cancels = new CancelRegistry()
  readonly #keyCaches = new Map<string, ScramKeyCache>()
  readonly #lookTurns = new Map<string, LookTurns>()
  readonly #masks: ConnectionMasks
  readonly #handshakes = new Set<Socket>()
  readonly #live = new Set<GatewaySession>()
  /** Admitted clients whose upstream is still being reached. */
  #connecting = 0

  constructor(options: GatewayOptions) {
    this.#options = options
    this.#masks = new ConnectionMasks(options.masking)
    this.#admission = { ...options.admission, mockKey: randomBytes(32) }
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: 60_000 }, (socket) => {
      void this.#accept(socket)
    })
  }

  async listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    const address = this.#server.address() as AddressInfo
    return { host: address.address, port: address.port }
  }

  /** Takes no more clients, lets what runs finish for `drainMs`, then ends what is left. */
  async close(drainMs: number): Promise<void> {
    this.#server.close()
    for (const socket of this.#handshakes) socket.destroy()
    const until = performance.now() + drainMs
    while (this.#live.size > 0 && performance.now() < until) {
      for (const session of this.#live) if (session.idle) session.end(GOING_DOWN)
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS))
    }
    for (const session of this.#live) session.end(GOING_DOWN)
    // The last commit of their closing events is at the end of this turn.
    await new Promise((resolve) => setImmediate(resolve))
  }

  async #accept(raw: Socket): Promise<void> {
    const { limits, log, metrics } = this.#options
    // Errors are seen by who reads; without any listener one of a forgotten socket would end the process.
    raw.on('error', () => undefined)
    if (this.#handshakes.size >= limits.handshakes) {
      metrics.handshakes.inc({ result: 'too_many' })
      raw.destroy()
      return
    }
    this.#handshakes.add(raw)
    const deadline = setTimeout(() => raw.destroy(), limits.handshakeMs)
    try {
      const admission = await admit(raw, this.#admission)
      if (!(await this.#proceed(admission))) destroyInTime(raw)
      metrics.handshakes.inc({ result: admission.kind === 'ended' ? admission.code : admission.kind })
      if (admission.kind === 'ended') log.info({ event: 'handshake_ended', code: admission.code }, 'handshake ended')
    } catch (error) {
      const code = error instanceof PeerInvalid ? error.code : 'handshake_failed'
      metrics.handshakes.inc({ result: code })
      log.info({ event: 'handshake_failed', code }, 'handshake failed')
      if (error instanceof PeerInvalid && raw.writable && code === 'startup_length') raw.write(protocolError(error))
      raw.destroySoon()
    } finally {
      clearTimeout(deadline)
      this.#handshakes.delete(raw)
    }
  }

  /** Whether a session has taken the socket over. */
  async #proceed(admission: Admission): Promise<boolean> {
    switch (admission.kind) {
      case 'admitted':
        return this.#begin(admission)
      case 'cancel':
        this.#options.metrics.cancels.inc({ known: String(this.#cancels.request(admission)) })
        // With TLS's own goodbye: libpq takes an end without it for a failed cancel.
        admission.socket.destroySoon()
        return false
      case 'ended':
        return false
      default:
        return admission satisfies never
    }
  }

  async #begin(admitted: Admitted): Promise<boolean> {
    const { limits, log, metrics } = this.#options
    const { socket } = admitted.transport
    if (this.#live.size + this.#connecting >= limits.sessions) {
      socket.end(encode.errorResponse(TOO_MANY))
      return false
    }
    const policy = this.#policyOf(admitted)
    const allowed = policy.connect()
    if (allowed.kind !== 'permit') {
      metrics.handshakes.inc({ result: 'policy_refused' })
      log.info({ event: 'connect_refused', connection: admitted.connection.name }, 'policies refused a connection')
      socket.end(encode.errorResponse(connectRefused(allowed, admitted.connection.name)))
      return false
    }
    const masks = this.#masks.needed(admitted.connection, policy, admitted.claims.applicationName)
    if (masks instanceof PolicyUnavailable) {
      socket.end(encode.errorResponse(planMissing(masks)))
      return false
    }
    let upstream: Upstream
    this.#connecting++
    try {
      upstream = await this.#connect(admitted, masks)
    } catch (error) {
      const { code, message } = error as { code: string; message: string }
      metrics.upstreamFailures.inc({ connection: admitted.connection.name, code })
      log.warn({ event: 'upstream_failed', connection: admitted.connection.name, code }, message)
      socket.end(
        encode.errorResponse({
          severity: 'FATAL',
          sqlState: '08001',
          message: `sluice: ${message}`,
          hint: UPSTREAM_HINT,
        }),
      )
      return false
    } finally {
      this.#connecting--
    }
    if (socket.destroyed) {
      upstream.socket.destroy()
      return false
    }
    await this.#startSession(admitted, upstream, policy, masks)
    return true
  }

  async #connect({ connection, settings }: Admitted, masks: boolean): Promise<Upstream> {
    const keyCache = this.#keyCaches.get(connection.name) ?? new ScramKeyCache()
    this.#keyCaches.set(connection.name, keyCache)
    const login = {
      database: connection.database,
      user: connection.user,
      password: await connection.password(),
      keyCache,
      settings: new Map([...settings, ...GUARDED_SETTINGS, ...(masks ? this.#treeSettings(connection.name) : [])]),
    }
    return connectUpstream(connection.address, login, AbortSignal.timeout(this.#options.limits.upstreamConnectMs))
  }

  #treeSettings(connection: string): Iterable<[string, string]> {
    return [...TREE_SETTINGS, ...QUIET_SCANS, ...this.#options.masking.quietSettings(connection)]
  }

  #policyOf({ identified, connection, transport }: Admitted): FollowedPolicy {
    const { policies, metrics } = this.#options
    const { name, labels, demo } = connection
    const facts = {
      subject: identified.subject,
      connection: { name, protocol: 'postgres', labels, demo },
      context: { clientAddress: addressOf(transport.socket), purpose: identified.purpose },
    } as const
    return new FollowedPolicy(policies, facts, (effect) => {
      metrics.requests[effect]++
    })
  }

  async #startSession(admitted: Admitted, upstream: Upstream, policy: FollowedPolicy, masks: boolean): Promise<void> {
    const { sessions, commit, limits, readers, metrics, log, policies, desk } = this.#options
    const { transport, connection, identified } = admitted
    const lookTurns = this.#lookTurns.get(connection.name) ?? new LookTurns()
    this.#lookTurns.set(connection.name, lookTurns)
    const masking = masks ? this.#masks.of(connection, identified.subject, policy) : null
    const decide = (access: StatementAccess): PolicyDecision =>
      masking === null ? policy.decide(access) : decideMasked(access, policy, (each) => masking.mustWait(each))
    // What a subject may see in clear although it is masked for others goes on the record.
    const inClear = connection.masking && !masks
    const { session, governed } = await sessions.create(admitted, upstream.socket, { decide, inClear })
    const { cancelKey } = upstream
    const cancel = (): void => {
      if (cancelKey === null) return
      cancelUpstream(connection.address, cancelKey).catch(() => {
        log.warn({ event: 'cancel_failed', connection: connection.name }, 'the upstream could not be asked to cancel')
      })
    }
    const key = this.#cancels.register(admitted.protocolVersion, () => live.cancel())
    const live: GatewaySession = new GatewaySession({
      client: transport.socket,
      upstream: upstream.socket,
      governed,
      session,
      commit,
      reader: readers.readerFor({
        connection: connection.name,
        serverMajor: majorOf(upstream),
        names: upstream.names,
        lineage: masks,
      }),
      masking,
      people: {
        desk,
        lookTurns,
        approvalRules: () => policies.current().approvalRules,
        maxCommandBytes: limits.heldCommandBytes,
        about: {
          subject: identified.subject,
          connection: connection.name,
          application: isShowableClaim(admitted.claims.applicationName) ? admitted.claims.applicationName : null,
          clientAddress: addressOf(transport.socket),
          purpose: identified.purpose,
        },
      },
      heldAheadBytes: limits.heldAheadBytes,
      bounds: limits,
      limits,
      sessionMs: limits.sessionMs,
      cancelUpstream: cancel,
      onEnd: ({ status, code }) => {
        this.#cancels.unregister(key)
        this.#live.delete(live)
        metrics.sessions.dec()
        log.info({ event: 'session_ended', session: session.sessionId, status, code }, 'session ended')
      },
      onBug: (error) => log.error({ event: 'bug', session: session.sessionId, err: error }, 'a bug ended a session'),
    })
    this.#live.add(live)
    metrics.sessions.inc()
    log.info(
      {
        event: 'session_opened',
        session: session.sessionId,
        connection: connection.name,
        issuer: identified.subject.issuer,
      },
      'session opened',
    )
    live.begin(openingOf(admitted, upstream, key))
  }
}

function majorOf({ parameters }: Upstream): number {
  return Number.parseInt(parameters.get('server_version') ?? '', 10)
}

function addressOf(socket: Socket): string | null {
  return socket.remoteAddress ?? null
}

const UPSTREAM_HINT = 'Try again; if it goes on, ask the operator of the database.'

function openingOf({ claims, transport }: Admitted, upstream: Upstream, key: CancelKey): Opening {
  const claim = (label: string, text: string): RawSegment => ({ kind: 'claim', label, bytes: Buffer.from(text) })
  // The upstream's role is ours; the client is told the name that it came with.
  const parameters = new Map([...upstream.parameters, ['session_authorization', claims.user]])
  return {
    claims: [
      claim('user', claims.user),
      claim('database', claims.database),
      claim('application_name', claims.applicationName),
    ],
    clientAddress: addressOf(transport.socket),
    welcome: Buffer.concat([
      encode.authenticationOk,
      ...[...parameters].map(([name, value]) => encode.parameterStatus(name, value)),
      encode.backendKeyData(key.processId, key.secret),
      encode.readyForQuery('I'),
    ]),
    fromClient: transport.reader.release(),
    fromUpstream: upstream.received,
  }
}
