/** One child process: started, watched, started again when it crashes, stopped. */
import { type ChildProcess, fork } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { setPriority } from 'node:os'
import { join } from 'node:path'
import type { ReadyMessage, ServiceMessage } from '@sluice/service'
import { restartDelayMs, STEADY_MS } from './backoff.ts'

export const START_MS = 60_000

export type ChildSpec = {
  readonly name: string
  readonly main: string
  readonly configFile: string
  /** Background work that must not take time from what clients wait for. */
  readonly background?: true
}

export type ChildOutcome = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

export type ChildEvents = {
  started(name: string, pid: number): void
  crashed(name: string, outcome: ChildOutcome, delayMs: number): void
  back(name: string): void
}

export type ChildSettings = {
  readonly logsDir: string
  readonly environment: NodeJS.ProcessEnv
  readonly events: ChildEvents
}

/** Why a child did not come up; `code` as the service gave it, or `ended`, or `late`. */
export class ChildNotStarted extends Error {
  readonly child: string
  readonly code: string

  constructor(child: string, code: string, message: string) {
    super(message)
    this.name = 'ChildNotStarted'
    this.child = child
    this.code = code
  }
}

const BACKGROUND_PRIORITY = 10

export class Child {
  readonly #spec: ChildSpec
  readonly #settings: ChildSettings
  #process: ChildProcess | null = null
  #stopping = false
  #attempt = 0
  #startedAt = 0
  #restart: NodeJS.Timeout | null = null

  constructor(spec: ChildSpec, settings: ChildSettings) {
    this.#spec = spec
    this.#settings = settings
  }

  get name(): string {
    return this.#spec.name
  }

  /** Where its words go. */
  get logFile(): string {
    return join(this.#settings.logsDir, `${this.#spec.name}.log`)
  }

  /** @throws ChildNotStarted */
  async start(): Promise<ReadyMessage> {
    const child = this.#spawn()
    const message = await this.#firstMessage(child)
    // Only what has been up once is started again; what can't start needs a person.
    this.#watch(child)
    return message
  }

  /** Asks it to end; kills it at the deadline. Resolves when no process is left. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true
    if (this.#restart !== null) clearTimeout(this.#restart)
    const child = this.#process
    if (child === null || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const deadline = setTimeout(() => child.kill('SIGKILL'), deadlineMs)
    await ended
    clearTimeout(deadline)
  }

  #spawn(): ChildProcess {
    const { environment, events } = this.#settings
    const { main, configFile, background, name } = this.#spec
    // Straight into a file: were it a pipe to this process, the child's last words would break with it.
    const log = openSync(this.logFile, 'a', 0o600)
    const child = fork(main, ['--config', configFile], {
      stdio: ['ignore', log, log, 'ipc'],
      env: environment,
      execArgv: [],
    })
    closeSync(log)
    this.#process = child
    this.#startedAt = performance.now()
    if (child.pid !== undefined) {
      if (background === true) lower(child.pid)
      events.started(name, child.pid)
    }
    return child
  }

  #firstMessage(child: ChildProcess): Promise<ReadyMessage> {
    const { name } = this.#spec
    return new Promise((resolve, reject) => {
      const fail = (code: string, message: string) => {
        clearTimeout(late)
        reject(new ChildNotStarted(name, code, message))
      }
      const late = setTimeout(() => {
        child.kill('SIGKILL')
        fail('late', `it was not ready within ${START_MS / 1_000} s`)
      }, START_MS)
      child.on('message', (message: unknown) => {
        if (!isServiceMessage(message)) return
        if (!message.ready) return fail(message.code, message.message)
        clearTimeout(late)
        resolve(message)
      })
      child.once('error', (error) => fail('ended', error.message))
      child.once('exit', (code, signal) => fail('ended', `it ended by itself (${signal ?? `exit code ${code}`})`))
    })
  }

  #ended(outcome: ChildOutcome): void {
    this.#process = null
    if (this.#stopping) return
    if (performance.now() - this.#startedAt > STEADY_MS) this.#attempt = 0
    const delayMs = restartDelayMs(this.#attempt)
    this.#attempt += 1
    this.#settings.events.crashed(this.name, outcome, delayMs)
    this.#restart = setTimeout(() => this.#again(), delayMs)
  }

  #again(): void {
    let child: ChildProcess
    try {
      child = this.#spawn()
    } catch {
      // No file or no process to be had just now: that passes, and the next try comes.
      return this.#ended({ code: null, signal: null })
    }
    this.#watch(child)
    this.#firstMessage(child).then(
      () => this.#settings.events.back(this.name),
      // It ends, or is ended, and that is what starts it once more.
      () => undefined,
    )
  }

  #watch(child: ChildProcess): void {
    child.once('exit', (code, signal) => this.#ended({ code, signal }))
    // No process could be made at all: then there is no exit either.
    child.once('error', () => child.pid === undefined && this.#ended({ code: null, signal: null }))
  }
}

/** Only the first message counts, and the children are our own: what makes it one is enough. */
function isServiceMessage(message: unknown): message is ServiceMessage {
  return typeof message === 'object' && message !== null && 'ready' in message
}

function lower(pid: number): void {
  try {
    setPriority(pid, BACKGROUND_PRIORITY)
  } catch {
    // It has ended already, or the system does not allow it; both are no reason not to run.
  }
}
