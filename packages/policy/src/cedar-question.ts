// What Cedar is asked: who, what, on which connection or table, and under which circumstances.

import type { DecidedFacts } from './decided-facts.ts'
import type { Question } from './interpreter.ts'
import type { PolicyConnection, PolicyContext, PolicySubject } from './policy-request.ts'
import type { AccessTarget } from './statement-access.ts'

type Value = Question['context'][string]
type Entity = Question['entities'][number]

const MINUTE_MS = 60_000
/** PostgreSQL's clients on an IPv6 socket with an IPv4 address; Cedar knows them by the latter. */
const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i

/** The same for all questions of a session. */
export type Asker = {
  readonly principal: { readonly type: 'Subject'; readonly id: string }
  readonly subject: Entity
  readonly connection: Entity
  readonly connectionAttributes: Readonly<Record<string, Value>>
  readonly circumstances: Readonly<Record<string, Value>>
}

export function askerOf(subject: PolicySubject, connection: PolicyConnection, context: PolicyContext): Asker {
  const principal = { type: 'Subject', id: `${subject.issuer}|${subject.id}` } as const
  const { id, issuer, kind, onBehalfOf } = subject
  const labels = Object.entries(connection.labels).map(([key, value]) => (value === '' ? key : `${key}=${value}`))
  const { name, protocol, demo } = connection
  const connectionAttributes = { name, protocol, labels, demo }
  return {
    principal,
    subject: {
      uid: principal,
      attrs: { id, issuer, kind, ...(onBehalfOf === null ? {} : { onBehalfOf }) },
      parents: subject.groups.map((group) => ({ type: 'Group', id: group })),
    },
    connection: { uid: { type: 'Connection', id: name }, attrs: connectionAttributes, parents: [] },
    connectionAttributes,
    circumstances: {
      ...(context.purpose === null ? {} : { purpose: context.purpose }),
      ...(context.clientAddress === null ? {} : { clientAddress: extension('ip', address(context.clientAddress)) }),
    },
  }
}

const extension = (fn: string, arg: string): Value => ({ __extn: { fn, arg } })
/** Without the zone of a link-local address, which says nothing elsewhere. */
const address = (text: string): string => text.replace(MAPPED, '').replace(/%.*$/, '')

/** Whole minutes: a decision holds for one where a policy looks at the time. */
export const minuteOf = (ms: number): number => Math.floor(ms / MINUTE_MS)

export function connectQuestion(asker: Asker, minute: number): Question {
  const { principal, subject, connection } = asker
  return {
    principal,
    action: { type: 'Action', id: 'connect' },
    resource: connection.uid,
    context: contextOf(asker, minute, null),
    entities: [subject, connection],
  }
}

/** Whether values of this tag may be seen unmasked. */
export function revealQuestion(asker: Asker, minute: number, tag: string): Question {
  const { principal, subject, connection } = asker
  return {
    principal,
    action: { type: 'Action', id: 'reveal' },
    resource: connection.uid,
    context: { ...contextOf(asker, minute, null), tag },
    entities: [subject, connection],
  }
}

/** About one target; `context` is the same for all targets of a statement. */
export function sqlQuestion(asker: Asker, target: AccessTarget, context: Question['context']): Question {
  const { principal, subject, connection } = asker
  const table = target.table === null ? null : tableEntity(asker, target.table)
  return {
    principal,
    action: { type: 'Action', id: target.action },
    resource: (table ?? connection).uid,
    context,
    entities: table === null ? [subject, connection] : [subject, connection, table],
  }
}

export function contextOf({ circumstances }: Asker, minute: number, facts: DecidedFacts | null): Record<string, Value> {
  const time = extension('datetime', `${new Date(minute * MINUTE_MS).toISOString().slice(0, 19)}Z`)
  if (facts === null) return { ...circumstances, time }
  return {
    ...circumstances,
    time,
    kinds: kindsAndFirstWords(facts.kinds),
    tables: [...new Set(facts.targets.flatMap(({ table }) => (table === null ? [] : [table])))],
    functions: [...facts.functions],
    unfiltered: facts.unfiltered,
    unknown: [...new Set(facts.unknown.map(({ code }) => code))],
    tags: [...new Set(facts.touches.flatMap(({ tag }) => tag ?? []))],
    comparedTags: [
      ...new Set(facts.touches.flatMap(({ how, tag }) => (how === 'compare' && tag !== null ? [tag] : []))),
    ],
  }
}

/** `DROP TABLE` is a `DROP` too, so that a policy need not list what can be dropped. */
function kindsAndFirstWords(kinds: readonly string[]): string[] {
  const words = kinds.flatMap((kind) => kind.split(' or ').map((each) => each.split(' ')[0] as string))
  return [...new Set([...kinds, ...words])]
}

function tableEntity({ connection, connectionAttributes }: Asker, name: string): Entity {
  const uid = connection.uid as { readonly type: string; readonly id: string }
  const [schema, table] = partsOf(name)
  return {
    uid: { type: 'Table', id: `${uid.id}/${name}` },
    attrs: { ...connectionAttributes, schema, table, connection: { __entity: { ...uid } } },
    parents: [uid],
  }
}

const NAME = /^((?:"(?:[^"]|"")*"|[^".])+)\.(.+)$/s

/** At the first dot that stands in no quotes. Parts stay as they are written. */
function partsOf(name: string): readonly [string, string] {
  const found = NAME.exec(name)
  return found === null ? ['', name] : [found[1] as string, found[2] as string]
}
