/**
 * `sluice approvals --watch`: on a terminal the list, drawn anew when it changes and each second for the time left; in a
 * pipe a line for each change. Goes on when the console was started again, until it is told to stop.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { CliFailure, EXIT_CODES } from '../failure.ts'
import { escapeControls } from '../terminal/escape.ts'
import type { Output } from '../terminal/output.ts'
import { cutTo } from '../terminal/width.ts'
import type { Approval, ApprovalList } from './approval.ts'
import { changeLine, changesSince, type Seen } from './approval-changes.ts'
import { printApprovals } from './approval-table.ts'

export type WatchOptions = {
  /** Answers when there is news after the revision, or when nothing happened for a while. */
  readonly fetch: (since: number | null, signal: AbortSignal) => Promise<ApprovalList>
  readonly output: Output
  /** A JSON value for each change in place of text. */
  readonly json: boolean
  readonly stop: AbortSignal
  readonly nowMs: () => number
}

const REDRAW_MS = 1_000
const RETRY_FIRST_MS = 250
const RETRY_MAX_MS = 5_000
const ENDED_SHOWN = 5
/** Title, header, blank lines, and what stands below the table. */
const OTHER_LINES = 6

/** Trouble that passes; everything else ends the watch. */
const PASSING: ReadonlySet<number> = new Set([EXIT_CODES.unreachable, EXIT_CODES.failed])

export async function watchApprovals(options: WatchOptions): Promise<void> {
  const view = options.output.columns === null || options.json ? new Lines(options) : new Picture(options)
  let revision: number | null = null
  let retryMs = RETRY_FIRST_MS
  try {
    while (!options.stop.aborted) {
      try {
        const list: ApprovalList = await options.fetch(revision, options.stop)
        revision = list.revision
        retryMs = RETRY_FIRST_MS
        view.show(list.approvals)
      } catch (error) {
        if (options.stop.aborted) return
        if (!(error instanceof CliFailure && PASSING.has(error.exitCode))) throw error
        view.trouble(error.message)
        revision = null
        await sleep(retryMs, undefined, { signal: options.stop }).catch(() => undefined)
        retryMs = Math.min(retryMs * 2, RETRY_MAX_MS)
      }
    }
  } finally {
    view.end()
  }
}

interface View {
  show(approvals: readonly Approval[]): void
  trouble(message: string): void
  end(): void
}

/** For a pipe: what changed, and nothing twice. */
class Lines implements View {
  readonly #options: WatchOptions
  #seen: Seen | null = null
  #trouble: string | null = null

  constructor(options: WatchOptions) {
    this.#options = options
  }

  show(approvals: readonly Approval[]): void {
    const { output, json, nowMs } = this.#options
    const { changed, seen } = changesSince(this.#seen, approvals)
    this.#seen = seen
    this.#trouble = null
    for (const approval of changed) {
      if (json) output.jsonLine(approval)
      else output.line(changeLine(approval, nowMs()))
    }
  }

  trouble(message: string): void {
    if (message === this.#trouble) return
    this.#trouble = message
    if (!this.#options.json) this.#options.output.line(escapeControls(`${message}; trying again`))
  }

  end(): void {}
}

/** For a terminal: what is open, and below it what ended last. */
class Picture implements View {
  readonly #options: WatchOptions
  readonly #timer: NodeJS.Timeout
  #open: readonly Approval[] | null = null
  #ended: readonly string[] = []
  #seen: Seen | null = null
  #trouble: string | null = null

  constructor(options: WatchOptions) {
    this.#options = options
    this.#timer = setInterval(() => this.#draw(), REDRAW_MS)
  }

  show(approvals: readonly Approval[]): void {
    const { changed, seen } = changesSince(this.#seen, approvals)
    const nowMs = this.#options.nowMs()
    const ended = changed.filter(({ state }) => state !== 'open').map((approval) => changeLine(approval, nowMs))
    this.#ended = [...this.#ended, ...ended].slice(-ENDED_SHOWN)
    this.#seen = seen
    this.#trouble = null
    this.#open = approvals.filter(({ state }) => state === 'open')
    this.#draw()
  }

  trouble(message: string): void {
    this.#trouble = message
    this.#draw()
  }

  end(): void {
    clearInterval(this.#timer)
  }

  #draw(): void {
    const { output, nowMs } = this.#options
    const { style } = output
    const columns = output.columns ?? Number.POSITIVE_INFINITY
    const say = (text: string, paint = style.dim): void => output.line(paint(cutTo(text, columns)))
    output.clear()
    if (this.#open !== null) {
      const room = Math.max(1, (output.rows ?? Number.POSITIVE_INFINITY) - OTHER_LINES - this.#ended.length)
      if (this.#open.length === 0) say('nothing waits for approval')
      else printApprovals(output, this.#open.slice(0, room), nowMs())
      if (this.#open.length > room) say(`and ${this.#open.length - room} more`)
    }
    if (this.#ended.length > 0) output.line()
    for (const line of this.#ended) say(line)
    if (this.#trouble !== null) say(escapeControls(`${this.#trouble}; trying again`), style.warn)
    say('Ctrl-C ends this; one in full: sluice approvals CODE')
  }
}
