/** Logs of a service: JSON lines on stderr with stable event names. Payloads of sessions never go into a log. */
import { destination, type Logger, pino, stdTimeFunctions } from 'pino'

export type { Logger } from 'pino'

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/**
 * A logger named after its service. Call it as `log.info({ event: 'listening', port }, 'listening')`: the `event`
 * is for machines and stays the same, the text is for people and may change.
 * It writes synchronously, so that the last words before an exit are not lost; keep it off hot paths.
 */
export function createLogger(name: string, options: { readonly level?: LogLevel } = {}): Logger {
  return pino(
    {
      name,
      level: options.level ?? 'info',
      timestamp: stdTimeFunctions.isoTime,
      base: { pid: process.pid },
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: ['password', '*.password', 'secret', '*.secret', 'token', '*.token'], censor: '[redacted]' },
    },
    destination({ fd: 2, sync: true }),
  )
}
