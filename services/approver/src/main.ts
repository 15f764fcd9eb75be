// The approver's process: puts its parts together. What it does is in approver.ts.

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadConfig, type SluiceConfig } from '@sluice/config'
import {
  importSealingPrivateKey,
  importSigningKey,
  LOCAL_REGISTRY_FILE,
  LocalSchemaRegistry,
  nowMicros,
  retentionOf,
  TOPICS,
} from '@sluice/events'
import { readTrustedIssuers, TokenVerifier } from '@sluice/identity'
import { personsOf } from '@sluice/policy'
import {
  type Readiness,
  type RunningService,
  runService,
  type ServiceContext,
  startHealthServer,
} from '@sluice/service'
import { EmbeddedLog } from '@sluice/stream'
import { readRootKey, TrustedKeys, VersionMemory } from '@sluice/trust'
import { Approver } from './approver.ts'
import { approverMetrics } from './approver-metrics.ts'
import type { ApproverSettings } from './approver-settings.ts'

/** Of policy sets and certificates, in the folder for what was trusted. */
const MEMORY_FILE = 'approver-versions.json'

await runService('approver', start)

async function start(context: ServiceContext): Promise<RunningService> {
  const { log } = context
  const config = await loadConfig(context.configFile)
  const [root, signingKey, sealingKey] = await Promise.all([
    readRootKey(config.keys.root),
    readFile(config.keys.approver, 'utf8').then(importSigningKey),
    readFile(config.keys.approverPrivate).then(importSealingPrivateKey),
  ])
  const verifier = new TokenVerifier(await readTrustedIssuers(config.identity.issuers), {
    onKeysFailure: (issuer, error) =>
      log.warn({ event: 'issuer_keys_unavailable', issuer, err: error }, "an issuer's keys could not be fetched"),
  })
  const eventLog = EmbeddedLog.open(config.log.dir, { retentionMs: retentionOf(TOPICS.decisions) })
  const registry = LocalSchemaRegistry.open(join(config.log.dir, LOCAL_REGISTRY_FILE))
  const memory = VersionMemory.open(join(config.trust.dir, MEMORY_FILE))
  const metrics = approverMetrics(context.metrics)
  const keys = await TrustedKeys.open({
    log: eventLog,
    registry,
    root,
    memory,
    onIncident: ({ code, topic, key, detail }) => {
      metrics.incidents.inc({ code })
      log.error({ event: 'incident', code, topic, key, detail }, 'a certificate was not accepted')
    },
  })
  await verifier.prefetch()
  const approver = await Approver.open({
    log: eventLog,
    registry,
    keys,
    signingKey,
    sealingKey,
    verifier,
    memory,
    settings: settingsOf(config),
    metrics,
    logger: log,
    nowMicros,
    stopping: context.stopping,
    fail: context.fail,
  })
  const health = await startHealthServer({
    ...config.health.approver,
    ready: () => readinessOf(approver, verifier, config.identity.issuers.length),
    metrics: context.metrics,
  })
  return {
    addresses: { health: health.url },
    async close() {
      await health.close()
      await approver.close()
      await keys.close()
      await eventLog.close()
    },
  }
}

function settingsOf({ limits, people, connections }: SluiceConfig): ApproverSettings {
  return {
    ...limits,
    personOf: personsOf(people),
    isDemo: (name) => Object.hasOwn(connections, name) && connections[name]?.demo === true,
  }
}

/** Without any issuer's keys nobody can vote. */
function readinessOf(approver: Approver, verifier: TokenVerifier, issuers: number): Readiness {
  const missing = verifier.unavailableIssuers()
  if (missing.length > 0) void verifier.prefetch()
  if (missing.length < issuers) return approver.readiness()
  return { ready: false, reasons: missing.map((issuer) => `the keys of issuer ${issuer} could not be fetched yet`) }
}
