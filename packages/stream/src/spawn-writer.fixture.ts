// Starts log-writer.fixture.ts and follows what it acknowledges.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { OtherProcess, WriterPlan } from './event-log.contract.ts'

const PROGRAM = fileURLToPath(new URL('./log-writer.fixture.ts', import.meta.url))

export function spawnWriter(kind: 'journal' | 'producer', dir: string, plan: WriterPlan): OtherProcess {
  const child = spawn(process.execPath, [PROGRAM, kind, dir, JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const gone = once(child, 'close')
  const lines = createInterface({ input: child.stdout })
  let reached = plan.from
  const waiting = new Set<() => void>()
  const wake = (): void => {
    for (const look of waiting) look()
  }
  lines.on('line', (line) => {
    reached = Number(line)
    wake()
  })
  lines.on('close', wake)
  return {
    acknowledged(number) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (reached < number && child.exitCode === null && child.signalCode === null) return
          waiting.delete(look)
          if (reached >= number) resolve()
          else reject(new Error(`the writer ended at ${reached}, before ${number}`))
        }
        waiting.add(look)
        look()
      })
    },
    async kill() {
      child.kill('SIGKILL')
      await gone
      return reached
    },
  }
}
