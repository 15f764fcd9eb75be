// What a column's name says of it, where nobody said more: the built-in rules.

import type { Tag } from './plan.ts'

/** Which values a column can hold at all. */
export type ValueClass = 'text' | 'number' | 'date' | 'uuid' | 'other'

type NameTag = { readonly tag: Tag; readonly name: RegExp; readonly holds: readonly ValueClass[] }

const TEXT_ONLY: readonly ValueClass[] = ['text']
const TEXT_OR_NUMBER: readonly ValueClass[] = ['text', 'number']
const TEXT_OR_UUID: readonly ValueClass[] = ['text', 'uuid']
const TEXT_OR_DATE: readonly ValueClass[] = ['text', 'date', 'number']

/** Of words that underscores part, in lower case. A number behind the last one counts as a part of the same: `email2`. */
const NAME_TAGS: readonly NameTag[] = [
  {
    tag: 'pii.ssn',
    name: /(?:^|_)(?:ssn|social_security(?:_.*)?|social_sec_.*|socialsecurity.*)$/,
    holds: TEXT_OR_NUMBER,
  },
  { tag: 'pii.email', name: /(?:^|_)(?:e_?mails?|e_?mail_addr(?:ess)?(?:es)?)$/, holds: TEXT_ONLY },
  {
    tag: 'pci.pan',
    name: /(?:^|_)(?:pan|(?:credit_|debit_|payment_)?card(?:_?(?:number|num|no|nr))?|credit_?card|cc_?(?:number|num|no)|cardnumber)$/,
    holds: TEXT_OR_NUMBER,
  },
  { tag: 'pci.cvv', name: /(?:^|_)(?:cvv|cvc|cvv2|cvc2|card_code)$/, holds: TEXT_OR_NUMBER },
  { tag: 'pii.iban', name: /(?:^|_)iban(?:_.*)?$/, holds: TEXT_ONLY },
  {
    tag: 'pii.phone',
    name: /(?:^|_)(?:phones?|telephone|mobile|cell_?phone|fax|phone_?(?:number|num|no))$|^phone_.*/,
    holds: TEXT_OR_NUMBER,
  },
  { tag: 'pii.birth', name: /^(?:dob|birth.*|.*_dob|.*_birth(?:day|date)?|date_of_birth)$/, holds: TEXT_OR_DATE },
  { tag: 'secret.password', name: /(?:^|_)(?:password|passwd|pwd|passphrase)(?:_.*)?$/, holds: TEXT_ONLY },
  {
    tag: 'secret.api-key',
    name: /(?:^|_)(?:api_?key|access_key|private_key|secret_key)s?(?:_.*)?$/,
    holds: TEXT_OR_UUID,
  },
  { tag: 'secret.token', name: /(?:^|_)(?:tokens?|token_.*|.*token)$/, holds: TEXT_OR_UUID },
  { tag: 'secret', name: /(?:^|_)secrets?(?:_.*)?$/, holds: TEXT_OR_UUID },
]

/** Names of columns whose texts are words of the business, not prose. */
const ORDINARY =
  /^(?:.*_)?(?:name|status|state|title|city|country|region|code|type|kind|category|currency|language|locale|timezone|color|colour|size|unit|level|priority|role|slug|sku|label|version|gender|department|brand|model|method|carrier|plan|tier|stage|channel|platform|format|severity|environment)$/

/** `contactEmail2` and `CONTACT_EMAIL` are `contact_email`. */
function wordsOf(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .replace(/[\s.-]+/g, '_')
    .replace(/_?\d+$/, '')
}

/** Null where the name says nothing. */
export function tagByName(name: string, holds: ValueClass): Tag | null {
  const words = wordsOf(name)
  return NAME_TAGS.find((rule) => rule.holds.includes(holds) && rule.name.test(words))?.tag ?? null
}

export function isOrdinaryName(name: string): boolean {
  return ORDINARY.test(wordsOf(name))
}
