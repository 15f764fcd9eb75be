// Names and values that Cedar accepts and that nothing is ever equal to: a forbid that names them forbids nothing, and
// nobody is told. Only what can't be meant is found here; whether a table or group exists is not known.

import type { SubjectKind } from '@sluice/events'
import { nearestName } from './nearest-name.ts'
import type { PolicyMistake } from './policy-mistake.ts'
import { atPolicy, mistakeAt, type Policy } from './policy-reader.ts'
import { GROUP_PREFIX } from './reviewers.ts'

type Node = Readonly<Record<string, unknown>>
type Found = { readonly literal: string; readonly message: string; readonly fix: string }

const SUBJECT_KINDS: readonly SubjectKind[] = ['human', 'agent', 'service']
/** `connection/schema.table`, each part as the gateway writes it. */
const TABLE_ID = /^[^/]+\/(?:"(?:[^"]|"")*"|[^".]+)\..+$/s
/** `GRANT or REVOKE` is one: it begins with capitals. */
const NO_KIND = /^(?=[A-Z]*[a-z])[A-Za-z]+(?: [A-Za-z]+)*$/

/**
 * One for each literal.
 * @param connections those that there are; null where that is not known
 */
export function literalMistakes(policy: Policy, connections: readonly string[] | null): readonly PolicyMistake[] {
  const found = new Map<string, Found>()
  for (const each of [...connectionAlone(policy), ...walk(policy.tree, connections)]) {
    if (!found.has(each.literal)) found.set(each.literal, each)
  }
  return [...found.values()].map(({ literal, message, fix }) => {
    const within = policy.text.indexOf(JSON.stringify(literal))
    const offset = policy.offset + Math.max(0, within)
    return mistakeAt(atPolicy(policy, offset), 'impossible', message, fix)
  })
}

function* walk(tree: unknown, connections: readonly string[] | null): Generator<Found> {
  if (typeof tree !== 'object' || tree === null) return
  const node = tree as Node
  if (typeof node['type'] === 'string' && typeof node['id'] === 'string') {
    yield* entity(node['type'], node['id'])
    if (connections !== null) yield* unknownConnection(node['type'], node['id'], connections)
  }
  for (const [operator, operands] of Object.entries(node)) {
    yield* comparison(operator, operands)
    yield* walk(operands, connections)
  }
}

function* entity(type: string, id: string): Generator<Found> {
  const written = `${type}::${JSON.stringify(id)}`
  if (type === 'Table' && !TABLE_ID.test(id)) {
    const fix = 'write it as Table::"CONNECTION/SCHEMA.TABLE", such as Table::"shop/public.orders"'
    yield { literal: id, message: `${written} is the name of no table`, fix }
  }
  if (type === 'Subject' && !id.includes('|')) {
    const fix = `write it as Subject::"ISSUER|ID", or ask for principal.id == ${JSON.stringify(id)}`
    yield { literal: id, message: `${written} is the name of no subject`, fix }
  }
  if (type === 'Group' && id.startsWith(GROUP_PREFIX)) {
    const fix = `write Group::${JSON.stringify(id.slice(GROUP_PREFIX.length))}; only approval rules write group: before it`
    yield { literal: id, message: `${written} is the name of no group`, fix }
  }
}

function* unknownConnection(type: string, id: string, connections: readonly string[]): Generator<Found> {
  if (type !== 'Connection' && type !== 'Table') return
  const name = type === 'Table' ? id.slice(0, Math.max(0, id.indexOf('/'))) : id
  if (connections.includes(name)) return
  const nearest = nearestName(name, connections)
  const there = `there is ${connections.join(', ') || 'none yet'}`
  const fix =
    nearest === null ? `${there}; add it under connections:` : `did you mean ${JSON.stringify(nearest)}? ${there}`
  yield { literal: id, message: `there is no connection ${JSON.stringify(name)} in sluice.yaml`, fix }
}

function* comparison(operator: string, operands: unknown): Generator<Found> {
  const { left, right } = (operands ?? {}) as Node
  for (const [attribute, other] of [
    [attributeOf(left), right],
    [attributeOf(right), left],
  ] as const) {
    if (attribute === null) continue
    for (const literal of textsOf(other)) yield* literalOf(attribute, operator, literal)
  }
}

function* literalOf(attribute: string, operator: string, literal: string): Generator<Found> {
  if (attribute === 'context.kinds' && NO_KIND.test(literal)) {
    const fix = `write ${JSON.stringify(literal.toUpperCase())}: kinds are in capitals`
    yield { literal, message: `no statement is of the kind ${JSON.stringify(literal)}`, fix }
  }
  if (attribute === 'context.tables' && !literal.includes('.')) {
    const fix = `write ${JSON.stringify(`public.${literal}`)}, or whatever its schema is`
    yield { literal, message: `${JSON.stringify(literal)} among the tables is a name without its schema`, fix }
  }
  const isKind = SUBJECT_KINDS.some((kind) => kind === literal)
  if (attribute === 'principal.kind' && operator !== 'like' && !isKind) {
    yield {
      literal,
      message: `no subject is of the kind ${JSON.stringify(literal)}`,
      fix: 'the kinds are human, agent, service',
    }
  }
}

/** `context.kinds` */
function attributeOf(tree: unknown): string | null {
  const access = ((tree ?? {}) as Node)['.'] as Node | undefined
  const of = ((access?.['left'] ?? {}) as Node)['Var']
  return typeof of === 'string' ? `${of}.${String(access?.['attr'])}` : null
}

/** Of a text, or of a set of texts. */
function textsOf(tree: unknown): readonly string[] {
  const { Value: value, Set: members } = (tree ?? {}) as Node
  if (typeof value === 'string') return [value]
  return Array.isArray(members) ? members.flatMap(textsOf) : []
}

/** To forbid statements "on" a connection by `==` leaves everything that names a table. */
function* connectionAlone({ effect, tree }: Policy): Generator<Found> {
  const { action, resource } = tree as { readonly action: Node; readonly resource: Node }
  const named = resource['entity'] as { readonly type: string; readonly id: string } | undefined
  if (effect !== 'forbid' || resource['op'] !== '==' || named?.type !== 'Connection') return
  if (action['op'] === 'All' || JSON.stringify(action).includes('"connect"')) return
  const connection = `Connection::${JSON.stringify(named.id)}`
  const message = `resource == ${connection} is not the tables in it, so statements that name one are not forbidden`
  yield { literal: named.id, message, fix: `write resource in ${connection}` }
}
