/** What every service's process needs around its work: logs, health and metrics, and its life from start to exit. */
export { createLogger, LOG_LEVELS, type Logger, type LogLevel } from './logger.ts'
export {
  type HealthServer,
  type HealthServerOptions,
  type Readiness,
  startHealthServer,
} from './health-server.ts'
export {
  DRAIN_MS,
  ORPHAN_DRAIN_MS,
  runService,
  type RunningService,
  type RunServiceOptions,
  type ServiceContext,
} from './run-service.ts'
export {
  EXIT,
  type FailedMessage,
  isServiceMessage,
  isSupervised,
  type ReadyMessage,
  type ServiceMessage,
} from './supervision.ts'
export { Counter, Gauge, Histogram, Registry } from 'prom-client'
