import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EmbeddedLog } from './embedded-log.ts'
import { eventLogContract, type LogUnderTest, type OtherProcess } from './event-log.contract.ts'
import { spawnWriter } from './spawn-writer.fixture.ts'

for (const kind of ['producer', 'journal'] as const) {
  eventLogContract(`embedded, other processes write as ${kind}`, async (): Promise<LogUnderTest> => {
    const dir = mkdtempSync(join(tmpdir(), 'sluice-log-'))
    const writers: OtherProcess[] = []
    return {
      open: () => EmbeddedLog.open(dir),
      startWriter(plan) {
        const writer = spawnWriter(kind, dir, plan)
        writers.push(writer)
        return writer
      },
      async destroy() {
        for (const writer of writers) await writer.kill()
        rmSync(dir, { recursive: true, force: true })
      },
    }
  })
}
