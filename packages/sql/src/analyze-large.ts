// Texts that are too long for the event loop are analysed by a worker: one at a time, in order, with a deadline, and by a
// fresh worker after one that took too much memory or time.

import { Worker } from 'node:worker_threads'
import type { Analysis, AnalysisOptions } from './facts.ts'

/** UTF-16 code units; the gateway refuses longer statements before they come here. */
export const MAX_LARGE_CHARACTERS = 4 * 1024 * 1024
export const MAX_WAITING = 16
export const DEADLINE_MS = 5_000
/** A fresh worker has this long to load the parser; only then its first statement's time begins. */
export const WORKER_START_MS = 30_000
/** A worker that holds more than this after a statement is replaced. */
export const MAX_WORKER_BYTES = 256 * 1024 * 1024
const MAX_WORKER_HEAP_MB = 512
const WORKER_STACK_MB = 4

export type LargeRequest = { readonly text: string; readonly options: AnalysisOptions }
export type LargeReply =
  | { readonly kind: 'ready' }
  | { readonly kind: 'analysis'; readonly analysis: Analysis; readonly heldBytes: number }

type Waiting = LargeRequest & { readonly answer: (analysis: Analysis) => void }

const TOO_LONG: Analysis = { kind: 'too_large', limit: 'time' }

/** Never rejects: a worker that dies or is too slow is an answer. */
export class LargeAnalyzer {
  readonly #waiting: Waiting[] = []
  readonly #deadlineMs: number
  #worker: Worker | null = null
  #current: Waiting | null = null
  #deadline: NodeJS.Timeout | null = null
  #closed = false

  constructor(options: { readonly deadlineMs?: number } = {}) {
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS
  }

  /** The facts of a text without NUL. */
  analyze(text: string, options: AnalysisOptions): Promise<Analysis> {
    if (text.length > MAX_LARGE_CHARACTERS) return Promise.resolve({ kind: 'too_large', limit: 'bytes' })
    if (this.#closed || this.#waiting.length >= MAX_WAITING) return Promise.resolve(TOO_LONG)
    return new Promise((answer) => {
      this.#waiting.push({ text, options, answer })
      this.#next()
    })
  }

  /** Ends the worker; what waits is answered as too slow. */
  async close(): Promise<void> {
    this.#closed = true
    for (const { answer } of this.#waiting.splice(0)) answer(TOO_LONG)
    await this.#drop(TOO_LONG)
  }

  #next(): void {
    if (this.#current !== null) return
    const next = this.#waiting.shift()
    if (next === undefined) return
    this.#current = next
    const fresh = this.#worker === null
    this.#worker ??= this.#start()
    this.#worker.ref()
    this.#limit(fresh ? WORKER_START_MS : this.#deadlineMs)
    this.#worker.postMessage({ text: next.text, options: next.options } satisfies LargeRequest)
  }

  /** What is under way is given up after this time. */
  #limit(milliseconds: number): void {
    if (this.#deadline !== null) clearTimeout(this.#deadline)
    this.#deadline = setTimeout(() => void this.#drop(TOO_LONG), milliseconds)
  }

  #start(): Worker {
    const worker = new Worker(new URL('./analyze-worker.ts', import.meta.url), {
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: MAX_WORKER_HEAP_MB, stackSizeMb: WORKER_STACK_MB },
    })
    const gone = (): void => {
      if (this.#worker === worker) void this.#drop({ kind: 'too_large', limit: 'tree' })
    }
    worker.on('message', (reply: LargeReply) => {
      if (this.#worker !== worker) return
      if (reply.kind === 'ready') {
        this.#limit(this.#deadlineMs)
        return
      }
      worker.unref()
      if (reply.heldBytes > MAX_WORKER_BYTES) void this.#drop(reply.analysis)
      else this.#settle(reply.analysis)
    })
    worker.on('error', gone)
    worker.on('exit', gone)
    return worker
  }

  #settle(analysis: Analysis): void {
    const settled = this.#current
    if (this.#deadline !== null) clearTimeout(this.#deadline)
    this.#deadline = null
    this.#current = null
    settled?.answer(analysis)
    this.#next()
  }

  async #drop(analysis: Analysis): Promise<void> {
    const worker = this.#worker
    this.#worker = null
    this.#settle(analysis)
    await worker?.terminate()
  }
}
