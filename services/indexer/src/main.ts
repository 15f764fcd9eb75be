// The indexer's process: puts its parts together. In the embedded form it also owns the engine's process.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadConfig, resolveSecret, type SluiceConfig } from '@sluice/config'
import {
  auditCodec,
  deadLetterCodec,
  LOCAL_REGISTRY_FILE,
  LocalSchemaRegistry,
  retentionOf,
  TOPICS,
} from '@sluice/events'
import { type RunningService, runService, type ServiceContext, startHealthServer } from '@sluice/service'
import { EmbeddedLog } from '@sluice/stream'
import { type IndexAddress, openIndexClient } from './index-client.ts'
import { BlockLedger } from './ingest/block-ledger.ts'
import { DeadLetters } from './ingest/dead-letters.ts'
import { ClickHouseIndex } from './ingest/index-store.ts'
import { Indexer } from './ingest/indexer.ts'
import { indexerMetrics } from './ingest/indexer-metrics.ts'
import { indexFolders, openEngine } from './open-index.ts'
import { ensurePasswordFile } from './password-file.ts'
import { codeOf, Problems } from './problems.ts'
import { prepareIndex } from './schema/prepare-index.ts'

await runService('indexer', start)

async function start(context: ServiceContext): Promise<RunningService> {
  const { log: logger } = context
  const config = await loadConfig(context.configFile)
  const problems = new Problems()
  const schemas = LocalSchemaRegistry.open(join(config.log.dir, LOCAL_REGISTRY_FILE))
  const log = EmbeddedLog.open(config.log.dir, { retentionMs: retentionOf(TOPICS.deadLetters) })
  const consumer = await log.consumer({ group: 'indexer', topics: [TOPICS.audit], from: 'earliest' })
  const metrics = indexerMetrics(context.metrics, consumer, TOPICS.audit)
  const deadLetters = new DeadLetters(log, await deadLetterCodec(schemas, TOPICS.deadLetters))

  let version = ''
  const address = await indexAddress(config)
  const { url, engine } = await openEngine(config.clickhouse, address.password, {
    onListening: (started) => {
      version = started.version
      problems.solved('engine')
      logger.info(
        { event: 'engine_listening', port: started.port, engine: started.pid, version },
        'the embedded engine listens',
      )
    },
    onEnded: (end) => {
      metrics.engineRestarts.inc()
      problems.found('engine', 'the embedded ClickHouse ended and is started again')
      logger.error({ event: 'engine_ended', ...end }, end.message)
    },
  })
  const client = openIndexClient({ ...address, url })
  const indexer = new Indexer({
    consumer,
    topic: TOPICS.audit,
    index: new ClickHouseIndex(client),
    ledger: BlockLedger.open(ledgerFile(config)),
    codec: await auditCodec(schemas),
    deadLetter: (letters) => deadLetters.append(letters),
    events: {
      onBlock: (block) => {
        metrics.wrote(block)
        if (block.deadLetters > 0) logger.error({ event: 'dead_letters', ...block }, 'records could not be decoded')
      },
      onRetry: (what, error, pauseMs) => {
        metrics.retries.inc()
        problems.found('retry', `can't ${what} (${codeOf(error)}); it is tried again`)
        logger.warn({ event: 'retry', what, code: codeOf(error), pauseMs }, `can't ${what}; it is tried again`)
      },
      onRecovered: () => problems.solved('retry'),
    },
  })

  const stopping = new AbortController()
  problems.found('index', 'the index is not prepared yet')
  const prepared = prepareIndex({
    address: { ...address, url },
    signal: stopping.signal,
    onRetry: (error) =>
      logger.warn({ event: 'index_away', code: codeOf(error) }, 'ClickHouse is away; it is tried again'),
  }).then((applied) => {
    if (applied !== null) problems.solved('index')
    if (applied?.length) logger.info({ event: 'migrated', applied }, 'the index was brought up to date')
  })
  // A server may be away for long; the engine of this very process may not.
  if (engine !== null) await prepared
  const running = prepared.then(() => indexer.run(stopping.signal)).catch((error: unknown) => context.fail(error))
  const health = await startHealthServer({
    ...config.health.indexer,
    ready: () => problems.readiness(),
    metrics: context.metrics,
  })

  return {
    addresses: { clickhouse: url, health: health.url },
    details: { clickhouse: engine === null ? 'server' : `embedded ${version}` },
    async close() {
      stopping.abort()
      await running
      await health.close()
      await client.close()
      await engine?.stop()
      await deadLetters.close()
      await consumer.close()
      await log.close()
    },
  }
}

async function indexAddress({ clickhouse }: SluiceConfig): Promise<IndexAddress> {
  if (clickhouse.embedded !== undefined) await ensurePasswordFile(clickhouse.password)
  const { url, user, database, authority } = clickhouse
  const password = await resolveSecret(clickhouse.password)
  return { url, user, password, database, ...(authority === undefined ? {} : { authority: await readFile(authority) }) }
}

function ledgerFile({ clickhouse, log }: SluiceConfig): string {
  return clickhouse.embedded === undefined
    ? join(log.dir, 'groups', 'indexer', 'blocks.json')
    : indexFolders(clickhouse.embedded.path).ledger
}
