// Brings a journal's segments to the disk, on the thread pool: the thread that commits waits for none of it.

import { closeSync, fdatasync, fdatasyncSync, fsync, openSync, readSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { reasonOf } from './errors.ts'
import { scanSegment } from './segment-scan.ts'

/** How long after a commit it is synced: data is on the disk many times a second, and a burst costs one sync. */
const SYNC_DELAY_MS = 50
const RETRY_MS = 250
const COPY_BYTES = 1024 * 1024

export type SyncedFile = {
  readonly fd: number
  readonly base: number
  /** Bytes of whole batches; the writer counts on. */
  bytes: number
  /** How far the disk certainly has them, and the offset that follows there. */
  synced: { readonly at: number; readonly next: number }
  /** It takes no more batches, and is closed when it is on the disk. */
  retired: boolean
}

export type SyncFile = (fd: number) => Promise<void>

export class SegmentSync {
  readonly #directory: string
  readonly #sync: SyncFile
  readonly #nextOffset: () => number
  readonly #report: (problem: string | null) => void
  #files: SyncedFile[] = []
  #newNames = false
  #timer: NodeJS.Timeout | undefined
  #running = false
  #closed = false
  #problem: string | null = null

  /** `report` is told of each failure, and of the success that ends it. `nextOffset` is where the last file ends. */
  constructor(
    directory: string,
    nextOffset: () => number,
    report: (problem: string | null) => void,
    sync: SyncFile = promisify(fdatasync),
  ) {
    this.#directory = directory
    this.#nextOffset = nextOffset
    this.#report = report
    this.#sync = sync
  }

  get problem(): string | null {
    return this.#problem
  }

  /** Whether a finished segment is not on the disk yet: then none other should be begun. */
  get isBehind(): boolean {
    return this.#files.some(({ retired }) => retired)
  }

  /** From now on this is the file that is written; those before take no more. */
  follow(file: SyncedFile): void {
    for (const earlier of this.#files) earlier.retired = true
    this.#files.push(file)
    this.#newNames = true
    this.written()
  }

  /** To be called after each commit; cheap. */
  written(): void {
    if (this.#timer === undefined && !this.#running) this.#after(SYNC_DELAY_MS)
  }

  /** Syncs at once and closes all files; throws where that fails, also where an earlier sync did. */
  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    try {
      for (const { fd } of this.#files) fdatasyncSync(fd)
    } finally {
      if (!this.#running) this.#closeFiles(() => true)
    }
    if (this.#problem !== null) throw new Error(this.#problem)
  }

  #after(ms: number): void {
    this.#timer = setTimeout(() => void this.#round(), ms).unref()
  }

  async #round(): Promise<void> {
    this.#timer = undefined
    this.#running = true
    let problem: string | null = null
    try {
      if (this.#newNames) await this.#syncNames()
      for (const file of this.#files) await this.#syncFile(file)
    } catch (error) {
      problem = `the journal can't be brought to the disk: ${reasonOf(error)}`
    }
    this.#running = false
    this.#closeFiles((file) => this.#closed || (file.retired && file.synced.at === file.bytes))
    if (this.#closed) return
    if (problem !== null) this.#after(RETRY_MS)
    else if (this.#newNames || this.#files.some(({ bytes, synced }) => bytes > synced.at)) this.#after(SYNC_DELAY_MS)
    if (problem === this.#problem) return
    this.#problem = problem
    this.#report(problem)
  }

  async #syncNames(): Promise<void> {
    this.#newNames = false
    const fd = openSync(this.#directory, 'r')
    try {
      await promisify(fsync)(fd)
    } catch (error) {
      this.#newNames = true
      throw error
    } finally {
      closeSync(fd)
    }
  }

  async #syncFile(file: SyncedFile): Promise<void> {
    if (this.#closed || file.bytes === file.synced.at) return
    // Once a sync failed the system may hold pages for clean that the disk never got: they are made dirty again.
    if (this.#problem !== null) writeAgain(file)
    const synced = { at: file.bytes, next: this.#endOf(file) }
    await this.#sync(file.fd)
    file.synced = synced
  }

  #endOf(file: SyncedFile): number {
    const follower = this.#files[this.#files.indexOf(file) + 1]
    return follower?.base ?? this.#nextOffset()
  }

  #closeFiles(which: (file: SyncedFile) => boolean): void {
    for (const file of this.#files) if (which(file)) closeSync(file.fd)
    this.#files = this.#files.filter((file) => !which(file))
  }
}

/** Writes over itself what is not certainly on the disk, after a look that it is still what was written. */
function writeAgain({ fd, bytes, synced }: SyncedFile): void {
  const { place, rest } = scanSegment(fd, synced, { check: true })
  if (place.at < bytes) throw new Error(`what was written is lost from byte ${place.at} on (${rest})`)
  const copy = Buffer.allocUnsafeSlow(COPY_BYTES)
  for (let at = synced.at; at < bytes; ) {
    const length = readSync(fd, copy, 0, Math.min(COPY_BYTES, bytes - at), at)
    if (length === 0 || writeSync(fd, copy, 0, length, at) !== length) throw new Error(`it can't be written at ${at}`)
    at += length
  }
}
