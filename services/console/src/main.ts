// The console: constructs the API that people and the command line speak to, and everything that it stands on.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { loadConfig, resolveSecret, type SluiceConfig } from '@sluice/config'
import {
  auditCodec,
  importSigningKey,
  LOCAL_REGISTRY_FILE,
  LocalSchemaRegistry,
  nowMicros,
  TOPICS,
} from '@sluice/events'
import { readTrustedIssuers, TokenVerifier } from '@sluice/identity'
import {
  type Readiness,
  type RunningService,
  runService,
  type ServiceContext,
  startHealthServer,
} from '@sluice/service'
import { EmbeddedLog } from '@sluice/stream'
import { ControlWriter } from '@sluice/trust'
import { createApp } from './app.ts'
import { Authenticator } from './authenticate.ts'
import { consoleMetrics } from './console-metrics.ts'
import { openControlPlane } from './control-plane.ts'
import { hostCheck } from './host-check.ts'
import { startHttpsServer } from './https-server.ts'
import { ANALYST_LIMITS } from './index-queries/index.ts'
import { indexQuestions } from './index-questions.ts'
import { publishCertificateFiles } from './publish-certificates.ts'
import { readServerCertificate } from './server-certificate.ts'
import { TicketOffice } from './ticket-office.ts'

/** Above the bounds of the index's own, so that its reason is told and not ours. */
const ANSWER_MARGIN_MS = 2_000
const INDEX_CONNECTIONS = 8
/** How long a request may wait for news: below what clients and proxies take for a broken connection. */
const MAX_WAIT_MS = 25_000

await runService('console', start)

async function start(context: ServiceContext): Promise<RunningService> {
  const { log } = context
  const config = await loadConfig(context.configFile)
  const { limits } = config
  const { certificate, key } = await readServerCertificate(config.tls)
  const metrics = consoleMetrics(context.metrics)
  const verifier = new TokenVerifier(await readTrustedIssuers(config.identity.issuers), {
    onKeysFailure: (issuer, error) => {
      metrics.keyDownloadFailures.inc()
      log.warn({ event: 'issuer_keys_unavailable', issuer, err: error }, "an issuer's keys could not be fetched")
    },
  })
  const eventLog = EmbeddedLog.open(config.log.dir)
  const registry = LocalSchemaRegistry.open(join(config.log.dir, LOCAL_REGISTRY_FILE))
  await publishCertificateFiles({ log: eventLog, registry, ...config.keys, nodeId: config.node.id })
  const tickets = await ControlWriter.open({
    log: eventLog,
    registry,
    topic: TOPICS.tickets,
    key: importSigningKey(await readFile(config.keys.console, 'utf8')),
    nowMicros,
    everyKeyOnce: true,
    source: `/sluice/consoles/${config.node.id}`,
    type: () => 'sluice.ticket.issued.v1',
  })
  const answerMs = Math.max(limits.httpRequestMs, limits.queryMs + 2 * ANSWER_MARGIN_MS)
  const plane = await openControlPlane({
    config,
    eventLog,
    registry,
    metrics,
    log,
    nowMs: Date.now,
    stopping: context.stopping,
    maxWaitMs: Math.max(0, Math.min(MAX_WAIT_MS, answerMs - ANSWER_MARGIN_MS)),
  })
  const audits = await auditCodec(registry)
  const client = await indexClient(config)
  const analystClient = await indexClient(config)
  const readiness = (): Readiness => readinessOf(verifier, config.identity.issuers.length, context.stopping)
  const app = createApp({
    authenticator: new Authenticator({
      verifier,
      nowMs: Date.now,
      onFailure: (code) => metrics.authenticationFailures.inc({ code }),
    }),
    tickets: new TicketOffice({
      connections: config.connections,
      defaultTtlMs: limits.ticketMs,
      maxTtlMs: limits.ticketMaxMs,
      writer: tickets,
      nowMs: Date.now,
    }),
    questions: indexQuestions({
      client,
      analystClient,
      database: config.clickhouse.database,
      readAudit: (record) => audits.decode(record),
      analystLimits: {
        ...ANALYST_LIMITS,
        maxMs: limits.queryMs,
        maxRows: limits.queryRows,
        maxMemoryBytes: limits.queryMemoryBytes,
      },
    }),
    approvals: plane.approvals,
    policies: plane.policies,
    keys: plane.keys,
    findings: plane.findings,
    acceptsHost: hostCheck(certificate),
    readiness,
    metrics,
    log,
    nowMs: Date.now,
    maxBodyBytes: limits.httpBodyBytes,
    answerMs,
  })
  await verifier.prefetch()
  const server = await startHttpsServer({
    ...config.listeners.console,
    certificate,
    key,
    requestMs: limits.httpRequestMs,
    fetch: app.fetch,
  })
  const health = await startHealthServer({ ...config.health.console, ready: readiness, metrics: context.metrics })
  return {
    addresses: { console: `https://${server.address}`, health: health.url },
    close: async () => {
      await server.drain(limits.drainMs)
      await Promise.all([health.close(), client.close(), analystClient.close(), tickets.close(), plane.close()])
      await eventLog.close()
    },
  }
}

/** The index may be away: then only questions fail. Without any issuer's keys nobody can be let in. */
function readinessOf(verifier: TokenVerifier, issuers: number, stopping: AbortSignal): Readiness {
  if (stopping.aborted) return { ready: false, reasons: ['it is stopping'] }
  const missing = verifier.unavailableIssuers()
  if (missing.length > 0) void verifier.prefetch()
  if (missing.length < issuers) return { ready: true }
  return { ready: false, reasons: missing.map((issuer) => `the keys of issuer ${issuer} could not be fetched yet`) }
}

async function indexClient({ clickhouse, limits }: SluiceConfig): Promise<ClickHouseClient> {
  const authority = clickhouse.authority === undefined ? null : await readFile(clickhouse.authority)
  return createClient({
    url: clickhouse.url,
    username: clickhouse.user,
    password: await resolveSecret(clickhouse.password),
    database: clickhouse.database,
    request_timeout: limits.queryMs + ANSWER_MARGIN_MS,
    max_open_connections: INDEX_CONNECTIONS,
    application: 'sluice-console',
    log: { level: ClickHouseLogLevel.OFF },
    ...(authority === null ? {} : { tls: { ca_cert: authority } }),
  })
}
