// A process that registers schemas at the same time as others: tells their ids, then ends.

import { LocalSchemaRegistry } from './schema-registry.ts'

const [file = '', ...names] = process.argv.slice(2)
const registry = LocalSchemaRegistry.open(file)
const ids: Record<string, number> = {}
for (const name of names) ids[name] = await registry.idOf(`${name}-value`, JSON.stringify(name))
process.send?.(ids)
process.disconnect?.()
