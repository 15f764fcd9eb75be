// What the gateway needs to mask results, made where the proxy is put together.

import type { Detectors, MaskKeys } from '@sluice/mask'
import type { MaskPlans } from '../masking/mask-plans.ts'

export type GatewayMasking = {
  readonly plans: MaskPlans
  /** Of a connection, for tokens and hashes; null where the configuration names no secret. */
  readonly keys: (connection: string) => MaskKeys | null
  readonly detectors: Detectors
  /** Start-up settings for a session whose trees are printed: those that the gateway's role may choose there. */
  readonly quietSettings: (connection: string) => ReadonlyMap<string, string>
  /** The longest row that is masked. */
  readonly maskedRowBytes: number
  /** How long a statement waits for a plan that knows its tables. */
  readonly planWaitMs: number
}
