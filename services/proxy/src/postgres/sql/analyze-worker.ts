// The worker of analyze-large.ts.

import { memoryUsage } from 'node:process'
import { parentPort } from 'node:worker_threads'
import { analyzeWhole } from './analyze.ts'
import type { LargeReply, LargeRequest } from './analyze-large.ts'
import { loadParser, parserBytes } from './parser.ts'

const port = parentPort
if (port === null) throw new Error('analyze-worker.ts runs as a worker only')

port.on('message', (request: LargeRequest) => {
  const answer = (): void => {
    const analysis = analyzeWhole(request.text, request.options)
    port.postMessage({ analysis, heldBytes: memoryUsage().heapTotal + parserBytes() } satisfies LargeReply)
  }
  void loadParser().then(answer)
})
