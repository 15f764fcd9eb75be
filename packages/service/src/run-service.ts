/**
 * The life of a service's process: start, say so, serve, drain, exit. Each `main.ts` hands its own start function to
 * `runService`; signals, the supervisor's channel, deadlines and exit codes are dealt with here and nowhere else.
 */
import { parseArgs } from 'node:util'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { createLogger, type Logger } from './logger.ts'
import { EXIT, isSupervised, tellSupervisor } from './supervision.ts'

/** How long a drain may take by default; the supervisor promises five seconds for everything. */
export const DRAIN_MS = 4_000
/** The shorter drain where the supervisor is gone: nobody waits any more, and nothing may stay behind. */
export const ORPHAN_DRAIN_MS = 2_000

export type ServiceContext = {
  readonly name: string
  /** Path given by `--config`. */
  readonly configFile: string
  readonly log: Logger
  /** The service's own metrics registry; the process metrics of Node are in it already. */
  readonly metrics: Registry
  readonly supervised: boolean
  /** Aborted as soon as the service shall stop. */
  readonly stopping: AbortSignal
  /** Ends the service from inside, when it can't go on: drains, then exits with 1. */
  readonly fail: (error: unknown) => void
}

export type RunningService = {
  /** Where it listens, by name (`postgres`, `console`, `health`): `host:port` or a URL. */
  readonly addresses: Readonly<Record<string, string>>
  /** What else the supervisor may show, such as a version. */
  readonly details?: Readonly<Record<string, string>>
  /** Stops taking work, ends what runs, and resolves; cut off at the drain deadline. */
  readonly close: () => Promise<void>
}

export type RunServiceOptions = { readonly drainMs?: number; readonly argv?: readonly string[] }

export async function runService(
  name: string,
  start: (context: ServiceContext) => Promise<RunningService>,
  options: RunServiceOptions = {},
): Promise<void> {
  const log = createLogger(name)
  const supervised = isSupervised()
  const stop = new AbortController()
  const drainMs = options.drainMs ?? DRAIN_MS
  const started = Promise.withResolvers<RunningService>()
  started.promise.catch(() => undefined) // reported below; a stop meanwhile must not find it unhandled
  let ending = false

  const end = (exitCode: number, deadlineMs: number): void => {
    if (ending) return
    ending = true
    const deadline = setTimeout(() => {
      log.warn({ event: 'drain_cut_off', deadlineMs }, 'the drain took too long and was cut off')
      process.exit(exitCode)
    }, deadlineMs)
    stop.abort()
    // A stop may come while the service still starts: what comes up then has to go down again.
    void started.promise
      .then(
        (running) => running.close(),
        () => undefined,
      )
      .catch((error: unknown) => log.error({ event: 'close_failed', err: error }, 'closing failed'))
      .then(() => {
        clearTimeout(deadline)
        log.info({ event: 'stopped', exitCode }, 'stopped')
        process.exit(exitCode)
      })
  }
  const fail = (error: unknown): void => {
    log.error({ event: 'failed', err: error }, 'the service cannot go on')
    end(EXIT.failed, drainMs)
  }

  process.on('SIGTERM', () => end(EXIT.ok, drainMs))
  // On a terminal Ctrl-C reaches the whole process group; under a supervisor it alone decides who stops when.
  process.on('SIGINT', () => (supervised ? undefined : end(EXIT.ok, drainMs)))
  if (supervised) process.on('disconnect', () => end(EXIT.ok, ORPHAN_DRAIN_MS))
  process.on('uncaughtException', (error) => {
    log.fatal({ event: 'uncaught', err: error }, 'a bug: uncaught exception')
    process.exit(EXIT.failed)
  })
  process.on('unhandledRejection', (error) => {
    log.fatal({ event: 'uncaught', err: error }, 'a bug: unhandled rejection')
    process.exit(EXIT.failed)
  })

  try {
    const metrics = new Registry()
    collectDefaultMetrics({ register: metrics })
    const configFile = configFileFrom(options.argv ?? process.argv.slice(2))
    const running = await start({ name, configFile, log, metrics, supervised, stopping: stop.signal, fail })
    started.resolve(running)
    if (ending) return
    const { addresses, details = {} } = running
    tellSupervisor({ ready: true, service: name, pid: process.pid, addresses, details })
    log.info({ event: 'ready', addresses }, 'ready')
  } catch (error) {
    started.reject(error)
    if (!ending) reportFailedStart(name, log, error)
  }
}

function configFileFrom(argv: readonly string[]): string {
  const { values } = parseArgs({ args: [...argv], options: { config: { type: 'string' } }, strict: true })
  if (values.config === undefined) {
    throw Object.assign(new Error('no configuration: start it with --config FILE'), { code: 'config_missing' })
  }
  return values.config
}

function reportFailedStart(name: string, log: Logger, error: unknown): void {
  const code = codeOf(error)
  const message = error instanceof Error ? error.message : String(error)
  tellSupervisor({ ready: false, service: name, pid: process.pid, code, message })
  log.fatal({ event: 'start_failed', code, err: error }, message)
  const exitCode = isConfigurationError(error, code)
    ? EXIT.configuration
    : code === 'EADDRINUSE'
      ? EXIT.unavailable
      : EXIT.failed
  // The channel is asynchronous: give the message a moment to leave.
  setTimeout(() => process.exit(exitCode), 20)
}

function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code
  return 'start_failed'
}

function isConfigurationError(error: unknown, code: string): boolean {
  return (
    (error instanceof Error && error.name === 'ConfigInvalid') ||
    code.startsWith('config_') ||
    code.startsWith('ERR_PARSE_ARGS')
  )
}
