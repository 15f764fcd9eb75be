// What Cedar says about a policy that does not fit the schema, in words that name the fix. Its messages are matched
// by form; one that is not known here is passed on as it is.

import { ACTIONS, ATTRIBUTES, CONNECT_CONTEXT, ENTITY_TYPES, REVEAL_CONTEXT, SQL_CONTEXT } from './cedar-schema.ts'

export type SchemaWords = { readonly message: string; readonly fix: string; readonly impossible: boolean }

type Translation = {
  readonly form: RegExp
  readonly words: (found: readonly string[], help: string | null) => Omit<SchemaWords, 'impossible'>
}

const suggestion = (help: string | null): string => (help?.startsWith('did you mean') ? `${help} ` : '')

const TRANSLATIONS: readonly Translation[] = [
  {
    form: /^unrecognized entity type `(.+)`$/,
    words: ([type], help) => ({
      message: `there is no entity type ${type}`,
      fix: `${suggestion(help)}the types are ${ENTITY_TYPES}`,
    }),
  },
  {
    form: /^unrecognized action `(.+)`$/,
    words: ([action], help) => ({
      message: `there is no action ${action}`,
      fix: `${suggestion(help)}the actions are ${ACTIONS}`,
    }),
  },
  {
    form: /^attribute `(schema|table|connection)` on entity type `Connection` not found$/,
    words: ([attribute]) => ({
      message: `the resource may be the connection itself, which has no attribute ${attribute}`,
      fix: `ask first: resource is Table && resource.${attribute} …`,
    }),
  },
  {
    form: /^attribute `(.+)` on entity type `(\w+)` not found$/,
    words: ([attribute, type = ''], help) => ({
      message: `a ${type} has no attribute ${attribute}`,
      fix: `${suggestion(help)}it has ${ATTRIBUTES[type] ?? 'others'}`,
    }),
  },
  {
    form: /^attribute `(.+)` in context for Action::"(connect|reveal)" not found$/,
    words: ([attribute, action]) => ({
      message: `the context of ${action} has no ${attribute}`,
      fix: `narrow the policy to action in Action::"sql", or use ${action === 'reveal' ? REVEAL_CONTEXT : CONNECT_CONTEXT}`,
    }),
  },
  {
    form: /^attribute `(.+)` in context for Action::.+ not found$/,
    words: ([attribute], help) => ({
      message: `the context has no ${attribute}`,
      fix: `${suggestion(help)}it has ${SQL_CONTEXT}`,
    }),
  },
  {
    form: /^unable to guarantee safety of access to optional attribute `(.+)` in context for .+$/,
    words: ([attribute]) => ({
      message: `${attribute} may be absent from the context`,
      fix: `ask first: context has ${attribute} && context.${attribute} …`,
    }),
  },
  {
    form: /^unable to guarantee safety of access to optional attribute `(.+)` on entity type `(.+)`$/,
    words: ([attribute, type]) => ({
      message: `a ${type} may have no ${attribute}`,
      fix: `ask first: principal has ${attribute} && principal.${attribute} …`,
    }),
  },
  {
    form: /^(?:unable to find an applicable action given the policy scope constraints|policy is impossible: .+)$/,
    words: () => ({
      message: 'the policy can never take effect: no request fits its scope and conditions',
      fix: 'check that the principal is a Subject or Group, the resource a Connection or Table, and that no condition is always false',
    }),
  },
]

export function schemaWords(cedarMessage: string, help: string | null): SchemaWords {
  const message = cedarMessage.replace(/^for policy `[^`]*`, /, '')
  const impossible = TRANSLATIONS.at(-1)?.form.test(message) === true
  for (const { form, words } of TRANSLATIONS) {
    const found = form.exec(message)
    if (found !== null) return { ...words(found.slice(1), help), impossible }
  }
  const advice =
    help?.replace(/^for policy `[^`]*`, /, '') ?? 'compare it with the schema in docs/guides/write-a-policy.md'
  return { message, fix: advice, impossible }
}
