// The masker's process: puts its parts together. What it does is in masker.ts.

import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { loadConfig } from '@sluice/config'
import {
  auditCodec,
  deadLetterCodec,
  frameCodec,
  importSealingPrivateKey,
  importSigningKey,
  importVerifyingKey,
  LOCAL_REGISTRY_FILE,
  LocalSchemaRegistry,
  nowMicros,
  retentionOf,
  TOPICS,
} from '@sluice/events'
import { type RunningService, runService, type ServiceContext, startHealthServer } from '@sluice/service'
import { EmbeddedLog } from '@sluice/stream'
import { FrameProcessor } from './frame-processor.ts'
import { Masker } from './masker.ts'
import { maskerMetrics } from './masker-metrics.ts'
import { MaskerState } from './masker-state.ts'
import { SessionOpeners } from './session-openers.ts'

/** The state lies beside the configuration, not in the log: it must not go with it. */
const STATE_FILE = join('masker', 'state.db')

await runService('masker', start)

async function start(context: ServiceContext): Promise<RunningService> {
  const config = await loadConfig(context.configFile)
  const [nodeKey, privateKey, signingKey] = await Promise.all([
    readFile(config.keys.node, 'utf8').then(importSigningKey),
    readFile(config.keys.maskerPrivate).then(importSealingPrivateKey),
    readFile(config.keys.maskerSigning, 'utf8').then(importSigningKey),
  ])
  const registry = LocalSchemaRegistry.open(join(config.log.dir, LOCAL_REGISTRY_FILE))
  const frames = await frameCodec(registry)
  const audits = await auditCodec(registry)
  const deadLetters = await deadLetterCodec(registry, TOPICS.frameDeadLetters)
  const log = EmbeddedLog.open(config.log.dir, { retentionMs: retentionOf(TOPICS.audit, TOPICS.frameDeadLetters) })
  const state = MaskerState.open(join(dirname(config.file), STATE_FILE))
  const openers = new SessionOpeners(privateKey)
  const nodeKeys = new Map([[config.node.id, importVerifyingKey(nodeKey.publicKey)]])
  const processor = new FrameProcessor({ frames, audits, deadLetters, openers, nodeKeys, signingKey })
  const metrics = maskerMetrics(context.metrics)
  const masker = await Masker.open({
    log,
    state,
    processor,
    openers,
    audits,
    deadLetters,
    metrics,
    logger: context.log,
    nowMicros,
  })
  const stopping = new AbortController()
  const running = masker.run(stopping.signal).catch((error: unknown) => context.fail(error))
  const health = await startHealthServer({
    ...config.health.masker,
    ready: () => masker.readiness(),
    metrics: context.metrics,
  })
  return {
    addresses: { health: health.url },
    async close() {
      stopping.abort()
      await running
      await health.close()
      await masker.close()
      await log.close()
      state.close()
    },
  }
}
