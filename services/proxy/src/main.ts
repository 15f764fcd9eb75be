// The proxy: constructs the gateway and everything that it stands on.

import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { type ConnectionConfig, loadConfig, resolveSecret, type SluiceConfig } from '@sluice/config'
import {
  frameCodec,
  importSealingPublicKey,
  importSigningKey,
  LOCAL_REGISTRY_FILE,
  LocalSchemaRegistry,
  PeerUnsupported,
  retentionOf,
  TOPICS,
} from '@sluice/events'
import { endpointBinding, readTrustedIssuers, TokenVerifier } from '@sluice/identity'
import {
  type Logger,
  type Readiness,
  type RunningService,
  runService,
  type ServiceContext,
  startHealthServer,
} from '@sluice/service'
import { GroupCommit } from '@sluice/session'
import { loadParser } from '@sluice/sql'
import { EmbeddedLog, Journal } from '@sluice/stream'
import { type ControlPlane, openControlPlane } from './control-plane.ts'
import { Credentials } from './credentials.ts'
import { planMetrics, proxyMetrics, steeringMetrics } from './metrics.ts'
import { PostgresGateway } from './postgres/gateway.ts'
import type { GovernedConnection } from './postgres/handshake/admit.ts'
import type { GatewayMasking } from './postgres/masking-parts.ts'
import { SessionFactory } from './postgres/session-factory.ts'
import { SqlReaders } from './postgres/sql-reader.ts'

const FRAMES_KEPT_MS = 24 * 3600 * 1000

await runService('proxy', start)

async function start(context: ServiceContext): Promise<RunningService> {
  const { log, metrics, stopping } = context
  const config = await loadConfig(context.configFile)
  const [certificate, key, nodeKey, maskerKey] = await Promise.all([
    readFile(config.tls.certificate),
    readFile(config.tls.key),
    readFile(config.keys.node, 'utf8'),
    readFile(config.keys.maskerPublic),
    loadParser(),
  ])
  const signingKey = importSigningKey(nodeKey)
  const eventLog = EmbeddedLog.open(config.log.dir, { retentionMs: retentionOf(TOPICS.approvalRequests) })
  const registry = LocalSchemaRegistry.open(join(config.log.dir, LOCAL_REGISTRY_FILE))
  const journal = openJournal(config, log)
  const gatewayMetrics = proxyMetrics(metrics, journal)
  const connections = await governedConnections(config)
  const control = await openControlPlane({
    config,
    connections,
    eventLog,
    registry,
    nodeKey: signingKey,
    metrics: gatewayMetrics,
    log,
    stopping,
  })
  steeringMetrics(metrics, control.desk, control.policies)
  planMetrics(metrics, control.masking.plans)
  const commit = new GroupCommit(journal, (error) => log.error({ event: 'bug', err: error }, 'a bug in one session'))
  const verifier = new TokenVerifier(await readTrustedIssuers(config.identity.issuers))
  await verifier.prefetch()
  const readers = new SqlReaders()
  const gateway = new PostgresGateway({
    admission: {
      secureContext: createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' }),
      channelBinding: bindingOf(certificate),
      startupPacketBytes: config.limits.startupPacketBytes,
      credentials: new Credentials(control.tickets, verifier),
      passwordTokens: config.identity.passwordTokens,
      connections,
      allowPlaintext: config.listeners.postgres.plaintext,
    },
    sessions: new SessionFactory({
      nodeId: config.node.id,
      nodeKey: signingKey,
      codec: await frameCodec(registry),
      recipient: await importSealingPublicKey(maskerKey),
      commit,
    }),
    commit,
    readers,
    masking: gatewayMasking(config, control),
    policies: control.policies,
    desk: control.desk,
    limits: { ...config.limits, bindBytes: config.limits.clientMessageBytes },
    log,
    metrics: gatewayMetrics,
  })
  const { host, port } = await gateway.listen(config.listeners.postgres.host, config.listeners.postgres.port)
  const health = await startHealthServer({ ...config.health.proxy, metrics, ready: () => readiness(journal, control) })
  return {
    addresses: { postgres: `${host}:${port}`, health: health.url },
    close: async () => {
      await gateway.close(config.limits.drainMs)
      await Promise.all([health.close(), control.close(), readers.close()])
      journal.close()
      await eventLog.close()
    },
  }
}

function gatewayMasking({ limits }: SluiceConfig, { masking, policies }: ControlPlane): GatewayMasking {
  return {
    plans: masking.plans,
    keys: masking.keysOf,
    quietSettings: masking.quietSettings,
    get detectors() {
      return policies.detectors
    },
    maskedRowBytes: limits.maskedRowBytes,
    planWaitMs: limits.planWaitMs,
  }
}

function readiness(journal: Journal, { policies }: ControlPlane): Readiness {
  const reasons = [journal.healthy ? null : 'the journal takes no records', policies.problem()].filter(
    (reason) => reason !== null,
  )
  return reasons.length === 0 ? { ready: true } : { ready: false, reasons }
}

/** Null for a certificate whose signature has no hash of its own (Ed25519): then -PLUS is not offered. */
function bindingOf(certificate: Buffer): Buffer | null {
  try {
    return endpointBinding(new X509Certificate(certificate).raw)
  } catch (error) {
    if (error instanceof PeerUnsupported) return null
    throw error
  }
}

function openJournal(config: SluiceConfig, log: Logger): Journal {
  return Journal.open({
    dir: config.log.dir,
    topic: TOPICS.frames,
    partition: config.node.partition,
    maxBytes: config.log.journal.maxBytes,
    retentionMs: FRAMES_KEPT_MS,
    onFailure: (error) => log.error({ event: 'journal_failed', code: error.code }, error.message),
    onRecovery: () => log.info({ event: 'journal_recovered' }, 'the journal takes records again'),
  })
}

async function governedConnections(config: SluiceConfig): Promise<ReadonlyMap<string, GovernedConnection>> {
  const entries = Object.entries(config.connections).map(
    async ([name, connection]): Promise<[string, GovernedConnection]> => [name, await governed(name, connection)],
  )
  return new Map(await Promise.all(entries))
}

async function governed(name: string, connection: ConnectionConfig): Promise<GovernedConnection> {
  const { host, port, tls, database, credentials, demo, labels, masking } = connection
  const address = {
    host,
    port,
    tls:
      tls.mode === 'disable'
        ? tls
        : {
            mode: tls.mode,
            authority: tls.authority === undefined ? null : await readFile(tls.authority, 'utf8'),
            serverName: tls.serverName ?? null,
          },
  }
  const { user, password } = credentials
  return {
    name,
    address,
    database,
    user,
    password: () => resolveSecret(password),
    demo,
    labels,
    masking: masking === 'on',
  }
}
