import { Counter, Gauge, Histogram, type Registry } from '@sluice/service'
import type { Consumer } from '@sluice/stream'
import type { WrittenBlock } from './indexer.ts'

const BLOCK_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** `consumer` and `topic` tell the lag whenever the metrics are read. */
export function indexerMetrics(registry: Registry, consumer: Consumer, topic: string) {
  const registers = [registry]
  const counter = (name: string, help: string): Counter =>
    new Counter({ name: `sluice_indexer_${name}_total`, help, registers })
  const rows = new Counter({
    name: 'sluice_indexer_rows_total',
    help: 'Rows written to the index',
    labelNames: ['table'] as const,
    registers,
  })
  const blocks = counter('blocks', 'Blocks written to the index')
  const duplicates = counter('duplicates', 'Events that were published more than once, and dropped')
  const deadLetters = counter('dead_letters', 'Records that could not be decoded')
  const seconds = new Histogram({
    name: 'sluice_indexer_block_seconds',
    help: 'From the records of a block to its rows in the index',
    buckets: BLOCK_SECONDS,
    registers,
  })
  new Gauge({
    name: 'sluice_indexer_lag_records',
    help: 'Records of the audit topic that are not in the index yet',
    labelNames: ['partition'] as const,
    registers,
    async collect() {
      for (const [partition, end] of await consumer.endOffsets(topic)) {
        this.set({ partition }, end - (await consumer.committed(topic, partition)))
      }
    },
  })
  return {
    retries: counter('retries', 'Attempts that failed and were repeated'),
    engineRestarts: counter('engine_restarts', 'How often the embedded engine ended and was started again'),
    wrote(block: WrittenBlock): void {
      blocks.inc()
      seconds.observe(block.seconds)
      duplicates.inc(block.duplicates)
      deadLetters.inc(block.deadLetters)
      for (const [table, count] of Object.entries(block.rows)) rows.inc({ table }, count)
    },
  }
}
