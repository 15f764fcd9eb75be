// Where a log keeps what: <dir>/<topic>/<partition>.db, a SQLite file, or <dir>/<topic>/<partition>.journal, a directory
// of segments; <dir>/<topic>/<partition>.lock for the writer of either; <dir>/groups/<group>/<topic>.db.

import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { StreamError } from './errors.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/
const PARTITION_FILE = /^(0|[1-9]\d{0,5})\.(db|journal)$/
const KIND = /\.(db|journal)$/
const GROUPS = 'groups'
const OWNER_ONLY = 0o700

export type PartitionKind = 'db' | 'journal'
export type PartitionFile = { readonly partition: number; readonly kind: PartitionKind; readonly path: string }

export function partitionFile(dir: string, topic: string, partition: number, kind: PartitionKind): string {
  if (!Number.isInteger(partition) || partition < 0 || partition > 999_999) {
    throw new StreamError('name_invalid', `'${partition}' is not a partition: use a whole number from 0 to 999999.`)
  }
  return join(topicDirectory(dir, topic), `${partition}.${kind}`)
}

/** The topic's directory, made where it is missing: a reader may come before the first writer. */
export function topicDirectory(dir: string, topic: string): string {
  if (topic === GROUPS) throw new StreamError('name_invalid', `'${GROUPS}' is reserved: give the topic another name.`)
  return makeDirectory(join(dir, validName('topic', topic)))
}

export function groupFile(dir: string, group: string, topic: string): string {
  return join(makeDirectory(join(dir, GROUPS, validName('group', group))), `${validName('topic', topic)}.db`)
}

/** The partitions of a topic that exist now, in order. */
export function listPartitions(topicDir: string): PartitionFile[] {
  const found: PartitionFile[] = []
  for (const name of readdirSync(topicDir)) {
    const match = PARTITION_FILE.exec(name)
    if (match === null) continue
    const kind = match[2] === 'db' ? 'db' : 'journal'
    found.push({ partition: Number(match[1]), kind, path: join(topicDir, name) })
  }
  return found.sort((a, b) => a.partition - b.partition)
}

/** Writers of both kinds take the same lock. */
export function lockFile(path: string): string {
  return `${path.replace(KIND, '')}.lock`
}

/** A partition is written in one way for ever: readers would miss what the other kind holds. */
export function assertOnlyKind(path: string): void {
  const other = path.replace(KIND, (suffix) => (suffix === '.db' ? '.journal' : '.db'))
  if (other === path || !existsSync(other)) return
  throw new StreamError(
    'log_unwritable',
    `${path} can't be written beside ${other}, which holds the same partition in another form: move that away first.`,
  )
}

export function makeDirectory(path: string): string {
  mkdirSync(path, { recursive: true, mode: OWNER_ONLY })
  return path
}

function validName(what: string, name: string): string {
  if (NAME.test(name)) return name
  throw new StreamError(
    'name_invalid',
    `'${name}' can't name a ${what}: use up to 200 letters, digits, dots, dashes and underscores, a letter or digit first.`,
  )
}
