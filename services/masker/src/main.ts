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
import {
  incidentReport,
  type Readiness,
  type RunningService,
  runService,
  type ServiceContext,
  startHealthServer,
} from '@sluice/service'
import { EmbeddedLog } from '@sluice/stream'
import { readRootKey, TrustedKeys, VersionMemory } from '@sluice/trust'
import { FrameProcessor } from './frame-processor.ts'
import { Masker } from './masker.ts'
import { maskerMetrics } from './masker-metrics.ts'
import { MaskerState } from './masker-state.ts'
import { planMetrics } from './plans/plan-metrics.ts'
import { PlanService } from './plans/plan-service.ts'
import { SessionOpeners } from './session-openers.ts'

/** The state lies beside the configuration, not in the log: it must not go with it. */
const STATE_FILE = join('masker', 'state.db')
/** Of certificates, policy sets and its own plans, in the folder for what was trusted. */
const MEMORY_FILE = 'masker-versions.json'

await runService('masker', start)

async function start(context: ServiceContext): Promise<RunningService> {
  const config = await loadConfig(context.configFile)
  const [root, nodeKey, privateKey, signingKey] = await Promise.all([
    readRootKey(config.keys.root),
    readFile(config.keys.node, 'utf8').then(importSigningKey),
    readFile(config.keys.maskerPrivate).then(importSealingPrivateKey),
    readFile(config.keys.maskerSigning, 'utf8').then(importSigningKey),
  ])
  const registry = LocalSchemaRegistry.open(join(config.log.dir, LOCAL_REGISTRY_FILE))
  const frames = await frameCodec(registry)
  const audits = await auditCodec(registry)
  const deadLetters = await deadLetterCodec(registry, TOPICS.frameDeadLetters)
  const log = EmbeddedLog.open(config.log.dir, {
    retentionMs: retentionOf(TOPICS.audit, TOPICS.frameDeadLetters, TOPICS.findings),
  })
  const state = MaskerState.open(join(dirname(config.file), STATE_FILE))
  const openers = new SessionOpeners(privateKey)
  const nodeKeys = new Map([[config.node.id, importVerifyingKey(nodeKey.publicKey)]])
  const metrics = maskerMetrics(context.metrics)
  const ofPlans = planMetrics(context.metrics)
  const onIncident = incidentReport(context.log, (code) => ofPlans.incidents.inc({ code }))
  const memory = VersionMemory.open(join(config.trust.dir, MEMORY_FILE))
  const keys = await TrustedKeys.open({ log, registry, root, memory, onIncident })
  const plans = new PlanService({
    log,
    registry,
    keys,
    signingKey,
    memory,
    metrics: ofPlans,
    logger: context.log,
    nowMicros,
    onIncident,
  })
  plans.start()
  const processor = new FrameProcessor({
    frames,
    audits,
    deadLetters,
    openers,
    nodeKeys,
    signingKey,
    tags: {
      view: (connection) => plans.desk.view(connection),
      detectors: () => plans.desk.detectors,
      onSeen: (header, view, seen) => plans.findings.note(header, view, seen),
    },
  })
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
    ready: () => readinessOf(masker, plans),
    metrics: context.metrics,
  })
  return {
    addresses: { health: health.url },
    async close() {
      stopping.abort()
      await running
      await health.close()
      await masker.close()
      await plans.close()
      await keys.close()
      await log.close()
      state.close()
    },
  }
}

function readinessOf(masker: Masker, plans: PlanService): Readiness {
  const readiness = masker.readiness()
  const reasons = [...(readiness.ready ? [] : readiness.reasons), ...plans.problems()]
  return reasons.length === 0 ? { ready: true } : { ready: false, reasons }
}
