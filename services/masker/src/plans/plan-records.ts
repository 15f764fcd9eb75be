// Signed records as the masker takes them in: read whole, checked against what they say of themselves, or an incident.

import { PolicyUnavailable, SluiceError, TOPICS } from '@sluice/events'
import {
  type CatalogSnapshot,
  catalogHash,
  type MaskingRules,
  type MaskPlan,
  type PlanMemory,
  unpackCatalog,
  unpackMemory,
  unpackPlan,
} from '@sluice/mask'
import { CURRENT_POLICIES, policyVersionOf, publishedSource } from '@sluice/policy'
import type { TrustedRecord } from '@sluice/trust'
import type { IncidentCode, ReportIncident } from '../incidents.ts'

export type CatalogRecord = Pick<TrustedRecord<typeof TOPICS.catalogs>, 'key' | 'content' | 'signer'>
export type PolicyRecord = Pick<TrustedRecord<typeof TOPICS.policies>, 'key' | 'content'>
export type PlanRecord = Pick<TrustedRecord<typeof TOPICS.maskPlans>, 'key' | 'content'>

export type SeenCatalog = {
  readonly node: string
  readonly catalog: CatalogSnapshot
  readonly hash: string
  /** Microseconds since the epoch, UTC: when its node signed it. */
  readonly time: number
}

export type RulesInForce = { readonly rules: MaskingRules; readonly policyVersion: string }

export type PublishedBefore = { readonly plan: MaskPlan; readonly memory: PlanMemory }

/** Null after an incident. */
export function readCatalog({ key, content, signer }: CatalogRecord, report: ReportIncident): SeenCatalog | null {
  const refuse = refusal(report, TOPICS.catalogs, key)
  const { connection, nodeId, contentHash, databaseId, serverMajor, body, seal } = content
  if (nodeId !== signer) return refuse('catalog_mismatch', `the node ${signer} speaks for another one`)
  let catalog: CatalogSnapshot
  try {
    catalog = unpackCatalog(body)
  } catch (error) {
    return refuse('catalog_content', detailOf(error))
  }
  const said = [key, connection, databaseId, serverMajor]
  const held = [catalog.connection, catalog.connection, catalog.databaseId, catalog.serverMajor]
  if (said.some((each, index) => each !== held[index])) {
    return refuse('catalog_mismatch', 'the catalog is about another database than its record says')
  }
  const hash = catalogHash(catalog)
  if (hash !== contentHash) return refuse('catalog_content', 'the catalog is not what its hash says')
  return { node: signer, catalog, hash, time: seal.time }
}

/** Null after an incident, or where it is no set that is in force. */
export function readRules({ key, content }: PolicyRecord, report: ReportIncident): RulesInForce | null {
  if (key !== CURRENT_POLICIES) return null
  const refuse = refusal(report, TOPICS.policies, key)
  try {
    const source = publishedSource(content)
    if (source === null) return refuse('policy_content', 'the published set is not what its hash says')
    return { rules: source.masking, policyVersion: policyVersionOf(content.contentHash) }
  } catch (error) {
    if (!(error instanceof PolicyUnavailable)) throw error
    return refuse('policy_invalid', error.message)
  }
}

/** Null after an incident. */
export function readPlan({ key, content }: PlanRecord, report: ReportIncident): PublishedBefore | null {
  try {
    const plan = unpackPlan(content.body)
    const memory = unpackMemory(content.memory)
    if (plan.connection === key) return { plan, memory }
    return refusal(report, TOPICS.maskPlans, key)('plan_content', 'the plan is one of another connection')
  } catch (error) {
    return refusal(report, TOPICS.maskPlans, key)('plan_content', detailOf(error))
  }
}

function refusal(report: ReportIncident, topic: PlanTopic, key: string) {
  return (code: IncidentCode, detail: string): null => {
    report({ code, topic, key, detail })
    return null
  }
}

type PlanTopic = typeof TOPICS.catalogs | typeof TOPICS.policies | typeof TOPICS.maskPlans

function detailOf(error: unknown): string {
  if (!(error instanceof SluiceError)) throw error
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
