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
  LocalSchemaRegistry,
  PeerUnsupported,
  TOPICS,
  ticketCodec,
} from '@sluice/events'
import { endpointBinding, readTrustedIssuers, TokenVerifier } from '@sluice/identity'
import { decideStatement } from '@sluice/policy'
import { type Logger, type RunningService, runService, type ServiceContext, startHealthServer } from '@sluice/service'
import { GroupCommit } from '@sluice/session'
import { loadParser } from '@sluice/sql'
import { EmbeddedLog, Journal } from '@sluice/stream'
import { Credentials } from './credentials.ts'
import { proxyMetrics } from './metrics.ts'
import { PostgresGateway } from './postgres/gateway.ts'
import type { GovernedConnection } from './postgres/handshake/admit.ts'
import { SessionFactory } from './postgres/session-factory.ts'
import { SqlReaders } from './postgres/sql-reader.ts'
import { PublishedTickets } from './tickets.ts'

const FRAMES_KEPT_MS = 24 * 3600 * 1000
const NODE_PARTITION = 0

await runService('proxy', start)

async function start(context: ServiceContext): Promise<RunningService> {
  const { log, metrics } = context
  const config = await loadConfig(context.configFile)
  const [certificate, key, nodeKey, maskerKey] = await Promise.all([
    readFile(config.tls.certificate),
    readFile(config.tls.key),
    readFile(config.keys.node, 'utf8'),
    readFile(config.keys.maskerPublic),
    loadParser(),
  ])
  const eventLog = EmbeddedLog.open(config.log.dir)
  const registry = LocalSchemaRegistry.open(join(config.log.dir, 'schemas.json'))
  const journal = openJournal(config, log)
  const commit = new GroupCommit(journal, (error) => log.error({ event: 'bug', err: error }, 'a bug in one session'))
  const tickets = await PublishedTickets.open(eventLog, await ticketCodec(registry), config.limits.tickets, (error) =>
    log.error({ event: 'ticket_unreadable', code: error.code }, 'a published ticket could not be read'),
  )
  const verifier = new TokenVerifier(await readTrustedIssuers(config.identity.issuers))
  await verifier.prefetch()
  const gatewayMetrics = proxyMetrics(metrics, journal)
  const readers = new SqlReaders()
  const gateway = new PostgresGateway({
    admission: {
      secureContext: createSecureContext({ cert: certificate, key, minVersion: 'TLSv1.2' }),
      channelBinding: bindingOf(certificate),
      startupPacketBytes: config.limits.startupPacketBytes,
      credentials: new Credentials(tickets, verifier),
      passwordTokens: config.identity.passwordTokens,
      connections: await governedConnections(config),
      allowPlaintext: config.listeners.postgres.plaintext,
    },
    sessions: new SessionFactory({
      nodeId: config.node.id,
      nodeKey: importSigningKey(nodeKey),
      codec: await frameCodec(registry),
      recipient: await importSealingPublicKey(maskerKey),
      commit,
      decide: (access) => {
        const decision = decideStatement(access)
        gatewayMetrics.requests[decision.kind]++
        return decision
      },
    }),
    commit,
    readers,
    limits: { ...config.limits, bindBytes: config.limits.clientMessageBytes },
    log,
    metrics: gatewayMetrics,
  })
  const { host, port } = await gateway.listen(config.listeners.postgres.host, config.listeners.postgres.port)
  const health = await startHealthServer({
    ...config.health.proxy,
    metrics,
    ready: () => (journal.healthy ? { ready: true } : { ready: false, reasons: ['the journal takes no records'] }),
  })
  return {
    addresses: { postgres: `${host}:${port}`, health: health.url },
    close: async () => {
      await gateway.close(config.limits.drainMs)
      await Promise.all([health.close(), tickets.close(), readers.close()])
      journal.close()
      await eventLog.close()
    },
  }
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
    partition: NODE_PARTITION,
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
  const { host, port, tls, database, credentials, demo } = connection
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
  return { name, address, database, user: credentials.user, password: () => resolveSecret(credentials.password), demo }
}
