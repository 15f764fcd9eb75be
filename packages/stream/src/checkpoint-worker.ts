// A thread that brings commits to the disk, so that the thread that commits never waits for one.
//
// A passive checkpoint syncs the -wal file, copies its pages into the main file and syncs that, while the writer goes
// on. Only when all was copied in a moment without a commit does SQLite begin the -wal file anew; under steady load
// that moment never comes, so beyond a bound the worker asks for it (RESTART): the writer then waits for a few
// milliseconds, which is why a passive checkpoint goes first and leaves little to do.

import { statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'
import type { FromWorker, ToWorker } from './checkpointer.ts'
import { numberFrom, pragma } from './sqlite.ts'

/** How long the worker may hold the writer up while it waits for readers of old pages. */
const READER_WAIT_MS = 5
/** When a checkpoint failed or a reader stood in its way, the next try; doubled each time. */
const RETRY_MS = 100
const MAX_RETRY_MS = 5000
/** Before the writer has to wait, passive rounds go on until they find no more than this that is new. */
const PASSIVE_ROUNDS = 4
const SMALL_REST_BYTES = 512 * 1024
/** So far over its bound (after a reader stood still) the -wal file is cut, not only begun anew. */
const CUT_FACTOR = 2

type Connection = {
  readonly database: DatabaseSync
  readonly passive: StatementSync
  readonly restart: StatementSync
  readonly truncate: StatementSync
  readonly pageBytes: number
}

type WatchedFile = {
  readonly walBytes: number
  connection: Connection | undefined
  retry: NodeJS.Timeout | undefined
  retryMs: number
}

const files = new Map<string, WatchedFile>()

parentPort?.on('message', (message: ToWorker) => {
  const { file } = message
  switch (message.kind) {
    case 'watch':
      forget(file)
      files.set(file, { walBytes: message.walBytes, connection: undefined, retry: undefined, retryMs: RETRY_MS })
      return
    case 'written':
      checkpoint(file)
      return
    case 'forget':
      forget(file)
      tell({ kind: 'forgotten', file })
      return
    default:
      message satisfies never
  }
})

function checkpoint(file: string): void {
  const watched = files.get(file)
  if (watched === undefined) return
  clearTimeout(watched.retry)
  let result: Result = { done: false, walBytes: walFileBytes(file) }
  try {
    watched.connection ??= connect(file)
    result = bringToDisk(file, watched.connection, watched.walBytes)
  } catch {
    disconnect(watched)
  }
  if (result.done) {
    watched.retryMs = RETRY_MS
  } else {
    watched.retry = setTimeout(() => checkpoint(file), watched.retryMs)
    watched.retryMs = Math.min(watched.retryMs * 2, MAX_RETRY_MS)
  }
  tell({ kind: 'checkpointed', file, walBytes: result.walBytes })
}

function tell(report: FromWorker): void {
  parentPort?.postMessage(report)
}

/** Not done where a reader or the writer holds a -wal file that is over its bound. `walBytes`: what it holds afterwards. */
type Result = { readonly done: boolean; readonly walBytes: number }

function bringToDisk(file: string, connection: Connection, bound: number): Result {
  let used = copyPages(connection)
  const fileBytes = walFileBytes(file)
  if (used <= bound && fileBytes <= CUT_FACTOR * bound) return { done: true, walBytes: used }
  for (let round = 0, before = 0; round < PASSIVE_ROUNDS && used - before > SMALL_REST_BYTES; round += 1) {
    before = used
    used = copyPages(connection)
  }
  const row = (fileBytes > CUT_FACTOR * bound ? connection.truncate : connection.restart).get()
  return row?.busy === 0 ? { done: true, walBytes: 0 } : { done: false, walBytes: used }
}

/** Brings to the disk what the -wal file held when it began; returns how many bytes that is from the file's start. */
function copyPages({ passive, pageBytes }: Connection): number {
  return Math.max(0, Number(passive.get()?.log)) * pageBytes
}

function connect(file: string): Connection {
  const database = new DatabaseSync(file, { timeout: READER_WAIT_MS })
  database.exec('PRAGMA wal_autocheckpoint = 0; PRAGMA synchronous = NORMAL')
  return {
    database,
    passive: pragma(database, 'wal_checkpoint(PASSIVE)'),
    restart: pragma(database, 'wal_checkpoint(RESTART)'),
    truncate: pragma(database, 'wal_checkpoint(TRUNCATE)'),
    pageBytes: numberFrom(pragma(database, 'page_size')),
  }
}

function walFileBytes(file: string): number {
  return statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0
}

function disconnect(watched: WatchedFile): void {
  watched.connection?.database.close()
  watched.connection = undefined
}

function forget(file: string): void {
  const watched = files.get(file)
  if (watched === undefined) return
  files.delete(file)
  clearTimeout(watched.retry)
  disconnect(watched)
}
