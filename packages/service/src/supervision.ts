/**
 * What a service and its supervisor say to each other over the IPC channel: the service once that it is ready (or why it
 * could not start), the supervisor once that it shall stop. The channel's end means that the supervisor is gone.
 */

/** Exit codes of every service, after sysexits(3) where that has one. */
export const EXIT = { ok: 0, failed: 1, unavailable: 69, configuration: 78 } as const

export type ReadyMessage = {
  readonly ready: true
  readonly service: string
  readonly pid: number
  /** Where it listens, by the listener's name: `host:port` or a URL, with the ports that were really taken. */
  readonly addresses: Readonly<Record<string, string>>
  /** What else the supervisor may show or pass on, such as a version. */
  readonly details: Readonly<Record<string, string>>
}

export type FailedMessage = {
  readonly ready: false
  readonly service: string
  readonly pid: number
  /** A stable code: that of a SluiceError, or of the operating system (`EADDRINUSE`). */
  readonly code: string
  readonly message: string
}

export type ServiceMessage = ReadyMessage | FailedMessage

export function isServiceMessage(value: unknown): value is ServiceMessage {
  return (
    typeof value === 'object' &&
    value !== null &&
    'ready' in value &&
    typeof value.ready === 'boolean' &&
    'service' in value &&
    typeof value.service === 'string'
  )
}

/** True where a supervisor started this process and listens on the channel. */
export function isSupervised(): boolean {
  return process.connected === true
}

export function tellSupervisor(message: ServiceMessage): void {
  if (process.connected) process.send?.(message, () => undefined)
}
