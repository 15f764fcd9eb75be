// The side of the checkpoint worker that writers see: one thread for all log files of this process.

import { Worker } from 'node:worker_threads'

/** How long after a commit the worker syncs: data is on the disk many times a second, and a burst costs one sync. */
const SYNC_DELAY_MS = 50
/** So far over its bound, the worker does not keep up with the writer, who should write less. */
const FAR_FACTOR = 1.5
/** A worker that died is started again after this time. */
const RESTART_DELAY_MS = 1000

export type ToWorker =
  | { readonly kind: 'watch'; readonly file: string; readonly walBytes: number }
  | { readonly kind: 'written'; readonly file: string }
  | { readonly kind: 'forget'; readonly file: string }

export type FromWorker =
  /**
   * A checkpoint was tried; the worker tries again by itself where it failed or couldn't finish. `walBytes` is what the -wal
   * file held then, from its beginning: 0 where it was begun anew.
   */
  | { readonly kind: 'checkpointed'; readonly file: string; readonly walBytes: number }
  /** The worker has closed the file. */
  | { readonly kind: 'forgotten'; readonly file: string }

export interface WalWatch {
  /** To be called after each commit, with about how many bytes of pages it wrote; cheap. */
  written(bytes: number): void
  /** The worker does not keep up: the file is well over its bound, as far as is known. */
  readonly isFarBehind: boolean
  /** Resolves when the worker has closed the file. Until then it may make SQLite's files beside it anew. */
  close(): Promise<void>
}

type Watched = {
  readonly file: string
  readonly walBytes: number
  /** Bytes, since the file is watched. */
  written: number
  announced: number
  announcing: boolean
  /** What the file held when the worker last reported. */
  reported: number
  /** `written` when what was reported on was announced. */
  reportedAt: number
}

let worker: Worker | undefined
const watched = new Map<string, Watched>()
/** Whom to tell when the worker has closed a file: its one writer, which nobody follows before that. */
const leaving = new Map<string, () => void>()

/** Has the file's -wal synced and written back by the worker, and begun anew when it is over `walBytes`. */
export function watchWal(file: string, walBytes: number): WalWatch {
  const entry: Watched = { file, walBytes, written: 0, announced: 0, announcing: false, reported: 0, reportedAt: 0 }
  watched.set(file, entry)
  if (worker === undefined) startWorker()
  else post({ kind: 'watch', file, walBytes })
  return {
    written(bytes) {
      entry.written += bytes
      if (!entry.announcing) announceLater(entry)
    },
    get isFarBehind() {
      return entry.reported + entry.written - entry.reportedAt > FAR_FACTOR * walBytes
    },
    async close() {
      if (watched.get(file) !== entry) return
      watched.delete(file)
      await forgotten(file)
    },
  }
}

/** While somebody waits for it, the worker keeps the process alive. */
async function forgotten(file: string): Promise<void> {
  const asked = worker
  if (asked === undefined) return
  await new Promise<void>((left) => {
    leaving.set(file, left)
    asked.ref()
    post({ kind: 'forget', file })
  })
  if (leaving.size === 0) asked.unref()
}

function announceLater(entry: Watched): void {
  entry.announcing = true
  setTimeout(() => {
    if (watched.get(entry.file) !== entry) return
    entry.announced = entry.written
    post({ kind: 'written', file: entry.file })
  }, SYNC_DELAY_MS).unref()
}

function startWorker(): void {
  const started = new Worker(new URL('./checkpoint-worker.ts', import.meta.url), { execArgv: [] })
  worker = started
  started.on('message', (report: FromWorker) => {
    if (report.kind === 'forgotten') leave(report.file)
    else noteCheckpoint(report.file, report.walBytes)
  })
  // 'exit' follows; without a listener here the error would end the process.
  started.on('error', () => {})
  started.on('exit', () => {
    worker = undefined
    for (const file of leaving.keys()) leave(file)
    setTimeout(() => {
      if (worker === undefined && watched.size > 0) startWorker()
    }, RESTART_DELAY_MS).unref()
  })
  started.unref()
  for (const entry of watched.values()) {
    post({ kind: 'watch', file: entry.file, walBytes: entry.walBytes })
    if (entry.written > 0) announceLater(entry)
  }
}

function noteCheckpoint(file: string, walBytes: number): void {
  const entry = watched.get(file)
  if (entry === undefined) return
  entry.announcing = false
  entry.reported = walBytes
  entry.reportedAt = entry.announced
  if (entry.written !== entry.announced) announceLater(entry)
}

function leave(file: string): void {
  leaving.get(file)?.()
  leaving.delete(file)
}

function post(message: ToWorker): void {
  worker?.postMessage(message)
}
