// A process of its own that appends numbered records, as a producer or as a journal, and prints after each append the
// number after the last one that was acknowledged. Arguments: journal|producer, directory, plan as JSON.

import { writeSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { EmbeddedLog } from './embedded-log.ts'
import type { StreamRecord } from './event-log.ts'
import { Journal } from './journal.ts'
import { numbered } from './numbered-record.fixture.ts'

const [kind, dir = '', json = '{}'] = process.argv.slice(2)
const plan = JSON.parse(json) as { topic: string; from: number; to: number; perAppend: number; valueBytes: number }

async function openAppend(): Promise<(records: StreamRecord[]) => Promise<unknown>> {
  if (kind === 'producer') {
    const producer = await EmbeddedLog.open(dir).producer(plan.topic)
    return (records) => producer.append(records)
  }
  const journal = Journal.open({ dir, topic: plan.topic, partition: 0, maxBytes: 2 ** 32, onFailure: () => {} })
  return async (records) => {
    for (const record of records) journal.append(record)
    journal.commit()
  }
}

const append = await openAppend()
for (let number = plan.from; number < plan.to; ) {
  const end = Math.min(plan.to, number + plan.perAppend)
  const records: StreamRecord[] = []
  for (; number < end; number += 1) records.push(numbered(number, plan.valueBytes))
  await append(records)
  writeSync(1, `${number}\n`)
  await setImmediate()
}
setInterval(() => {}, 60_000)
