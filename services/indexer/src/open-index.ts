// Where the index is: the embedded engine as a child process on its folder, or a server. Either way it is spoken to by
// HTTP.

import { join } from 'node:path'
import type { SluiceConfig } from '@sluice/config'
import { ConfigInvalid } from '@sluice/events'
import { writeEngineConfiguration } from './engine/engine-configuration.ts'
import { type EngineEvents, EngineProcess } from './engine/engine-process.ts'

type ClickHouseConfig = SluiceConfig['clickhouse']

/** Below the embedded engine's folder; with it they go when someone deletes the index. */
export const indexFolders = (path: string) => ({
  data: join(path, 'clickhouse'),
  engine: join(path, 'engine'),
  ledger: join(path, 'blocks.json'),
})

/** Starts the engine where the configuration asks for one; returns it with the address of the index. */
export async function openEngine(
  config: ClickHouseConfig,
  password: string,
  events: EngineEvents,
): Promise<{ readonly url: string; readonly engine: EngineProcess | null }> {
  if (config.embedded === undefined) return { url: config.url, engine: null }
  const { hostname, port, protocol } = new URL(config.url)
  if (protocol !== 'http:') {
    throw new ConfigInvalid(
      'config_invalid',
      'clickhouse.url of the embedded engine must be http:// on a loopback address',
    )
  }
  const folders = indexFolders(config.embedded.path)
  const engine = new EngineProcess(
    {
      dataDir: folders.data,
      configFile: writeEngineConfiguration(folders.engine, config.database),
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port === '' ? 80 : port),
      user: config.user,
      password,
    },
    events,
  )
  const listening = await engine.start()
  return { url: `http://${hostname}:${listening}`, engine }
}
