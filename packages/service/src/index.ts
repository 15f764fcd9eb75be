/** What every service's process needs around its work: logs, health and metrics, and its life from start to exit. */

export { Counter, Gauge, Histogram, Registry } from 'prom-client'
export {
  type HealthServer,
  type HealthServerOptions,
  type Readiness,
  startHealthServer,
} from './health-server.ts'
export { incidentReport } from './incident-report.ts'
export { createLogger, LOG_LEVELS, type Logger, type LogLevel } from './logger.ts'
export {
  DRAIN_MS,
  ORPHAN_DRAIN_MS,
  type RunningService,
  type RunServiceOptions,
  runService,
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
