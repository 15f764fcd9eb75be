// A whole index for tests: folder, log, engine, client. Everything goes when the test file ends.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { type Audit, auditCodec, LOCAL_REGISTRY_FILE, LocalSchemaRegistry, TOPICS } from '@sluice/events'
import type { EmbeddedLog, Producer, StreamRecord } from '@sluice/stream'
import { writeEngineConfiguration } from './engine/engine-configuration.ts'
import { EngineProcess } from './engine/engine-process.ts'
import { type IndexAddress, openIndexClient } from './index-client.ts'
import { prepareIndex } from './schema/prepare-index.ts'

export type TestEngine = {
  readonly dir: string
  readonly engine: EngineProcess
  readonly address: IndexAddress
  readonly client: ClickHouseClient
  rows<T>(query: string): Promise<T[]>
  close(): Promise<void>
}

/** The engine on a new folder, with the tables of the newest version. */
export async function startTestEngine(): Promise<TestEngine> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-index-'))
  const database = 'sluice'
  const password = 'test'
  const configFile = writeEngineConfiguration(join(dir, 'engine'), database)
  const engine = new EngineProcess({
    dataDir: join(dir, 'data'),
    configFile,
    host: '127.0.0.1',
    port: 0,
    user: 'sluice',
    password,
  })
  const address = { url: `http://127.0.0.1:${await engine.start()}`, user: 'sluice', password, database }
  const client = openIndexClient(address)
  await prepareIndex({
    address,
    signal: new AbortController().signal,
    onRetry: (error) => {
      throw error
    },
  })
  return {
    dir,
    engine,
    address,
    client,
    async rows<T>(query: string) {
      const result = await client.query({ query, format: 'JSONEachRow' })
      return result.json<T>()
    },
    async close() {
      await client.close()
      await engine.stop()
      rmSync(dir, { recursive: true })
    },
  }
}

export class AuditTopic {
  readonly #producer: Producer
  readonly #codec: { encode(audit: Audit): Buffer }

  private constructor(producer: Producer, codec: { encode(audit: Audit): Buffer }) {
    this.#producer = producer
    this.#codec = codec
  }

  static async open(log: EmbeddedLog, dir: string): Promise<AuditTopic> {
    const codec = await auditCodec(LocalSchemaRegistry.open(join(dir, LOCAL_REGISTRY_FILE)))
    return new AuditTopic(await log.producer(TOPICS.audit), codec)
  }

  async publish(audits: readonly Audit[]): Promise<void> {
    await this.append(
      audits.map((audit) => ({
        key: Buffer.from(audit.header.sessionId),
        value: this.#codec.encode(audit),
        headers: '{}',
      })),
    )
  }

  async append(records: readonly StreamRecord[]): Promise<void> {
    await this.#producer.append(records)
  }

  close(): Promise<void> {
    return this.#producer.close()
  }
}
