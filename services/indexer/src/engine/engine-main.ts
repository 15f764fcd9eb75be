// The engine's process: chdb on its main thread (it crashes at the end of a worker thread), our HTTP front before it.
// It lives as long as the channel to its parent, and leaves signals to the parent: an insert is atomic on disk, so it
// may be killed at any moment.

import { ChdbStore } from './chdb-store.ts'
import type { EngineSettings, FromEngine } from './engine-message.ts'
import { isToEngine } from './engine-message.ts'
import { type HttpFront, startHttpFront } from './http-front.ts'

let store: ChdbStore | null = null
let front: HttpFront | null = null

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined)
process.on('disconnect', end)
process.on('message', (message) => {
  if (!isToEngine(message)) return
  if (message.kind === 'start') start(message.settings).catch(fail)
  else stop().then(end, end)
})

/** Listens first: the port is taken or not before the data is touched, and only one engine gets the folder. */
async function start(settings: EngineSettings): Promise<void> {
  front = await startHttpFront(() => store, settings)
  store = await ChdbStore.open(settings.dataDir, settings.configFile)
  tell({ kind: 'listening', port: front.port, version: store.version() })
}

async function stop(): Promise<void> {
  await front?.close()
  await store?.close()
}

function fail(error: unknown): void {
  const code =
    error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'engine_failed'
  tell({ kind: 'failed', code, message: error instanceof Error ? error.message : String(error) })
  // The channel is asynchronous: give the message a moment to leave.
  setTimeout(end, 50)
}

function tell(message: FromEngine): void {
  if (process.connected) process.send?.(message, () => undefined)
}

/** Not `process.exit`: the library's own teardown waits for queries that still run. */
function end(): void {
  process.kill(process.pid, 'SIGKILL')
}
