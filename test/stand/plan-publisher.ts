// Masking plans as a masker publishes them, for tests that need none of its other work.

import { nowMicros, type SchemaRegistry, type SigningKey, TOPICS } from '@sluice/events'
import {
  type CatalogSnapshot,
  knownFunctions,
  type MaskingRules,
  type MaskPlan,
  makePlan,
  NO_MEMORY,
  type PlanMemory,
  packMemory,
  packPlan,
} from '@sluice/mask'
import type { EventLog } from '@sluice/stream'
import { ControlWriter } from '@sluice/trust'

export class PlanPublisher {
  readonly #options: { readonly log: EventLog; readonly registry: SchemaRegistry; readonly key: SigningKey }
  #writer: Promise<ControlWriter<typeof TOPICS.maskPlans>> | null = null
  #memory: PlanMemory = NO_MEMORY

  constructor(options: { readonly log: EventLog; readonly registry: SchemaRegistry; readonly key: SigningKey }) {
    this.#options = options
  }

  /** Rejects while a masker writes the topic. */
  async publish(catalog: CatalogSnapshot, rules: MaskingRules): Promise<MaskPlan> {
    this.#writer ??= ControlWriter.open({ ...this.#options, nowMicros, topic: TOPICS.maskPlans })
    const functions = knownFunctions(catalog.serverMajor, catalog.standard)
    const { plan, memory } = makePlan({ catalog, rules, memory: this.#memory, functions, madeAt: nowMicros() })
    this.#memory = memory
    const { connection, version, databaseId, serverMajor, madeAt, catalogHash } = plan
    const facts = { connection, version, databaseId, serverMajor, madeAt, catalogHash, policyVersion: '' }
    const writer = await this.#writer
    await writer.publish(connection, { ...facts, body: packPlan(plan), memory: packMemory(memory) })
    return plan
  }
}
