// The worker of analyze-large.ts.

import { memoryUsage } from 'node:process'
import { parentPort } from 'node:worker_threads'
import { analyzeWhole } from './analyze.ts'
import type { LargeReply, LargeRequest } from './analyze-large.ts'
import { loadParser, parserBytes } from './parser.ts'

const port = parentPort
if (port === null) throw new Error('analyze-worker.ts runs as a worker only')

await loadParser()
port.on('message', ({ text, options }: LargeRequest) => {
  const analysis = analyzeWhole(text, options)
  reply({ kind: 'analysis', analysis, heldBytes: memoryUsage().heapTotal + parserBytes() })
})
reply({ kind: 'ready' })

function reply(message: LargeReply): void {
  port?.postMessage(message)
}
