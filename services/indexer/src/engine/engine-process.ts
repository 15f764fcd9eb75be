// The engine's child process from the parent's side: started with an empty environment, started again with growing
// pauses when it ends, stopped in order.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type EngineSettings, isFromEngine, type ToEngine } from './engine-message.ts'

export const ENGINE_START_MS = 30_000
export const ENGINE_STOP_MS = 2_500
export const FIRST_PAUSE_MS = 100
export const MAX_PAUSE_MS = 10_000
/** A first start is tried so often: an engine whose parent was killed takes a moment to go. */
export const START_ATTEMPTS = 4
/** An engine that lived so long is healthy: the pauses begin anew. */
export const HEALTHY_AFTER_MS = 30_000

const ENGINE_MAIN = fileURLToPath(new URL('engine-main.ts', import.meta.url))

export type EngineEvents = {
  /** The engine listens; again after each restart. */
  readonly onListening?: (engine: { readonly port: number; readonly version: string; readonly pid: number }) => void
  /** It ended or could not start, and is started again after the pause. */
  readonly onEnded?: (end: { readonly code: string; readonly message: string; readonly pauseMs: number }) => void
}

type Outcome =
  | { readonly ok: true; readonly port: number }
  | { readonly ok: false; readonly code: string; readonly message: string }

export class EngineProcess {
  readonly #events: EngineEvents
  #settings: EngineSettings
  #child: ChildProcess | null = null
  #pauseMs = FIRST_PAUSE_MS
  #restart: NodeJS.Timeout | null = null
  #stopping = false
  #listening = false
  #everListened = false

  constructor(settings: EngineSettings, events: EngineEvents = {}) {
    this.#settings = settings
    this.#events = events
  }

  get listening(): boolean {
    return this.#listening
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  /** Resolves with the port when the engine listens first; rejects where it does not come up. */
  async start(): Promise<number> {
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#launch()
      if (outcome.ok) {
        this.#everListened = true
        return outcome.port
      }
      if (attempt === START_ATTEMPTS || outcome.code === 'engine_missing' || this.#stopping) {
        throw Object.assign(new Error(outcome.message), { code: outcome.code })
      }
      await delay(FIRST_PAUSE_MS * 2 ** attempt)
    }
  }

  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#restart !== null) clearTimeout(this.#restart)
    const child = this.#child
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    if (child.connected) child.send({ kind: 'stop' } satisfies ToEngine)
    const force = setTimeout(() => child.kill('SIGKILL'), ENGINE_STOP_MS)
    await ended
    clearTimeout(force)
  }

  /** One life of the child: resolves when it listens or has failed to. */
  #launch(): Promise<Outcome> {
    const startedAt = Date.now()
    // Standard error is the service's own: the library's last words would be lost otherwise.
    const child = fork(ENGINE_MAIN, [], {
      env: {},
      execArgv: [],
      serialization: 'json',
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#child = child
    const started = Promise.withResolvers<Outcome>()
    let failure = { code: 'engine_ended', message: 'the embedded engine ended' }
    const deadline = setTimeout(() => {
      failure = { code: 'engine_slow', message: `the embedded engine did not start within ${ENGINE_START_MS} ms` }
      child.kill('SIGKILL')
    }, ENGINE_START_MS)
    child.on('message', (message) => {
      if (!isFromEngine(message)) return
      if (message.kind === 'failed') {
        failure = explain(message, this.#settings)
        return
      }
      clearTimeout(deadline)
      this.#listening = true
      // Clients know the port by now: later lives keep it.
      this.#settings = { ...this.#settings, port: message.port }
      this.#events.onListening?.({ port: message.port, version: message.version, pid: child.pid ?? 0 })
      started.resolve({ ok: true, port: message.port })
    })
    child.on('error', (error) => {
      failure = { code: 'engine_unstartable', message: `the embedded engine can't be started: ${error.message}` }
    })
    child.once('exit', (exitCode, signal) => {
      clearTimeout(deadline)
      this.#listening = false
      if (failure.code === 'engine_ended')
        failure = { ...failure, message: `${failure.message} (${signal ?? exitCode})` }
      started.resolve({ ok: false, ...failure })
      this.#ended(failure, Date.now() - startedAt)
    })
    child.send({ kind: 'start', settings: this.#settings } satisfies ToEngine)
    return started.promise
  }

  #ended(failure: { readonly code: string; readonly message: string }, livedMs: number): void {
    if (this.#stopping || !this.#everListened) return
    const pauseMs = livedMs >= HEALTHY_AFTER_MS ? FIRST_PAUSE_MS : this.#pauseMs
    this.#pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)
    this.#events.onEnded?.({ ...failure, pauseMs })
    this.#restart = setTimeout(() => {
      if (!this.#stopping) void this.#launch()
    }, pauseMs)
  }
}

function explain(
  failed: { readonly code: string; readonly message: string },
  { host, port, dataDir }: EngineSettings,
): { code: string; message: string } {
  switch (failed.code) {
    case 'EADDRINUSE':
      return {
        code: failed.code,
        message: `${host}:${port} is taken, so the embedded ClickHouse can't listen there; stop what uses it, or give clickhouse.url another port`,
      }
    case 'MODULE_NOT_FOUND':
    case 'ERR_MODULE_NOT_FOUND':
    case 'CHDB_PLATFORM':
      return {
        code: 'engine_missing',
        message:
          'the embedded ClickHouse (npm package chdb) is not installed for this platform; give clickhouse.url of a server and leave out clickhouse.embedded',
      }
    case 'CHDB_CONNECTION':
      return {
        code: 'engine_locked',
        message: `the embedded ClickHouse can't open ${dataDir}: another process uses it, the disk is full, or it is damaged (${failed.message})`,
      }
    default:
      return { code: failed.code, message: `the embedded ClickHouse failed to start: ${failed.message}` }
  }
}
