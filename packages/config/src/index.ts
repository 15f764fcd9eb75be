/** One parser from YAML to a frozen, typed configuration, and the references to secrets in it. */
export {
  type ConnectionConfig,
  type IssuerConfig,
  type Limits,
  loadConfig,
  parseConfig,
  type SluiceConfig,
} from './load-config.ts'
export { isLoopback } from './rules.ts'
export { type ConfigInput, limitsSchema } from './schema.ts'
export { resolveSecret, type SecretRef } from './secrets.ts'
