// What the client is told. Names of tables come from the client, so only those that can't be values are shown.

import { isShowableName, WITHHELD } from '@sluice/events'
import type { DecidedFacts } from './decided-facts.ts'
import type { AccessTarget, SqlAction } from './statement-access.ts'

export type DenialWords = { readonly reasonCode: string; readonly reason: string; readonly hint: string | null }

const KEEPERS = 'whoever keeps the policies can change that'

/** Statements that stand beside the one that is meant: not named unless the denied action is theirs. */
const HARMLESS: Readonly<Record<string, SqlAction>> = {
  SELECT: 'sql:read',
  BEGIN: 'sql:transaction',
  'START TRANSACTION': 'sql:transaction',
  COMMIT: 'sql:transaction',
  ROLLBACK: 'sql:transaction',
  SET: 'sql:session',
  SHOW: 'sql:session',
}

/** `DROP TABLE is not allowed`, `DELETE and TRUNCATE on public.orders are not allowed`. */
function notAllowed(target: AccessTarget, facts: DecidedFacts, connection: string, on = ''): string {
  const words = wordsFor(target, facts)
  const verb = words.length > 1 ? 'are' : 'is'
  return `${joined(words) || THIS}${on} ${verb} not allowed on connection ${connection}`
}

const THIS = 'This statement'

function wordsFor(target: AccessTarget, facts: DecidedFacts): readonly string[] {
  if (target.action === 'sql:unknown' && facts.unknown.length > 0) {
    return [...new Set(facts.unknown.map(({ what }) => what))]
  }
  const meant = facts.kinds.filter((kind) => (HARMLESS[kind] ?? target.action) === target.action)
  return meant.length > 0 ? meant : facts.kinds
}

const MAX_NAMED = 4

function joined(words: readonly string[]): string {
  const named = words.slice(0, MAX_NAMED)
  if (words.length > MAX_NAMED) named.push(`${words.length - MAX_NAMED} more`)
  return named.length < 2 ? named.join('') : `${named.slice(0, -1).join(', ')} and ${named.at(-1)}`
}

const shown = (table: string): string => (table.split('.').every(isShowableName) ? table : WITHHELD)

function hintOn(target: AccessTarget, facts: DecidedFacts): string | null {
  return target.action === 'sql:unknown' ? (facts.unknown.find(({ hint }) => hint !== null)?.hint ?? null) : null
}

export function forbiddenWords(
  target: AccessTarget,
  facts: DecidedFacts,
  connection: string,
  forbids: readonly string[],
  why: string | null,
): DenialWords {
  const policies = forbids.length === 1 ? `Policy ${forbids[0]} forbids it` : `Policies ${joined(forbids)} forbid it`
  return {
    reasonCode: 'forbidden',
    reason: `${notAllowed(target, facts, connection)}${why === null ? '' : `: ${why}`}`,
    hint: hintOn(target, facts) ?? `${policies}; ${KEEPERS}.`,
  }
}

export function notPermittedWords(target: AccessTarget, facts: DecidedFacts, connection: string): DenialWords {
  const on = target.table === null ? '' : ` on ${shown(target.table)}`
  return {
    reasonCode: 'not_permitted',
    reason: notAllowed(target, facts, connection, on),
    hint: hintOn(target, facts) ?? `No policy permits it; ${KEEPERS}.`,
  }
}

export function policyErrorWords(connection: string): DenialWords {
  return {
    reasonCode: 'policy_error',
    reason: `Nothing is decided on connection ${connection}: a policy could not be evaluated, and what can't be decided is denied`,
    hint: 'Tell whoever keeps the policies; ./sluice policy explain names the policy and what is wrong with it.',
  }
}

export function tooManyTargetsWords(count: number, max: number, connection: string): DenialWords {
  return {
    reasonCode: 'too_many_targets',
    reason: `A statement that asks for ${count} things at once is not allowed on connection ${connection}: at most ${max} are decided together, each action on each table being one`,
    hint: 'Send the statements one after the other, or read fewer tables in one.',
  }
}

export function unknownRuleWords(rules: readonly string[], connection: string): DenialWords {
  return {
    reasonCode: 'approval_rule_unknown',
    reason: `It would need an approval on connection ${connection}, and there is no approval rule ${joined(rules)}`,
    hint: 'Tell whoever keeps the policies; ./sluice policy check names the policy.',
  }
}

export function notHoldableWords(what: string, why: string, connection: string): DenialWords {
  return {
    reasonCode: 'not_holdable',
    reason: `${what} needs an approval on connection ${connection}, and can't be held for one: ${why}`,
    hint: 'Write it so that it can be held, or ask whoever keeps the policies.',
  }
}

export function kindsInWords(facts: DecidedFacts): string {
  const meant = facts.kinds.filter((kind) => HARMLESS[kind] === undefined)
  return joined(meant.length > 0 ? meant : facts.kinds) || THIS
}

export function connectDeniedWords(connection: string, why: string | null): DenialWords {
  return {
    reasonCode: why === null ? 'not_permitted' : 'forbidden',
    reason: `You may not open connection ${connection}${why === null || why === '' ? '' : `: ${why}`}`,
    hint: why === null ? `No policy permits it; ${KEEPERS}.` : `A policy forbids it; ${KEEPERS}.`,
  }
}
