// Where a log keeps what: <dir>/<topic>/<partition>.db and <dir>/groups/<group>/<topic>.db.

import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { StreamError } from './errors.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$/
const PARTITION_FILE = /^(0|[1-9]\d{0,5})\.db$/
const GROUPS = 'groups'
const OWNER_ONLY = 0o700

export function partitionFile(dir: string, topic: string, partition: number): string {
  if (!Number.isInteger(partition) || partition < 0 || partition > 999_999) {
    throw new StreamError('name_invalid', `'${partition}' is not a partition: use a whole number from 0 to 999999.`)
  }
  return join(topicDirectory(dir, topic), `${partition}.db`)
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
export function listPartitions(topicDir: string): number[] {
  return readdirSync(topicDir)
    .map((name) => PARTITION_FILE.exec(name)?.[1])
    .filter((number) => number !== undefined)
    .map(Number)
    .sort((a, b) => a - b)
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
