/**
 * The rows of the demo database `shop`. All is invented, and the same at every start: values come from a fixed seed and the
 * row's number alone. Card numbers are well-formed (Luhn) in a range that is used for tests; addresses end in example.com.
 */

export const CUSTOMERS = 10_000
export const ORDERS = 20_000
const SEED = 20_260_101

export type Customer = {
  readonly id: number
  readonly name: string
  readonly email: string
  readonly ssn: string
  readonly card: string
  readonly notes: string | null
}

export type Order = {
  readonly id: number
  readonly customerId: number
  readonly status: 'new' | 'paid' | 'shipped' | 'returned'
  /** In cents. */
  readonly amount: number
}

export function* shopCustomers(): Generator<Customer> {
  for (let id = 1; id <= CUSTOMERS; id++) yield customer(id)
}

export function* shopOrders(): Generator<Order> {
  const statuses = ['new', 'paid', 'shipped', 'shipped', 'shipped', 'returned'] as const
  for (let id = 1; id <= ORDERS; id++) {
    yield {
      id,
      customerId: 1 + draw('customer', id, CUSTOMERS),
      status: statuses[draw('status', id, statuses.length)] ?? 'new',
      amount: 500 + draw('amount', id, 250_000),
    }
  }
}

function customer(id: number): Customer {
  const number = String(id).padStart(4, '0')
  const values = { email: `customer.${number}@example.com`, ssn: ssn(id), card: card(id) }
  return { id, name: `Customer ${number}`, ...values, notes: note(id, values) }
}

function ssn(id: number): string {
  if (id === 1) return '123-45-6789'
  const area = 100 + draw('area', id, 566)
  return `${area}-${pad(1 + draw('group', id, 99), 2)}-${pad(1 + draw('serial', id, 9_999), 4)}`
}

function card(id: number): string {
  const digits = `400000${pad(draw('card', id, 1_000_000_000), 9)}`
  return `${digits}${luhnDigit(digits)}`
}

/** About one note in five holds something that should not stand in free text. */
function note(id: number, { email, ssn, card }: { email: string; ssn: string; card: string }): string | null {
  const notes = [
    `Called to verify identity, SSN ${ssn} confirmed.`,
    `Paid by phone with card ${card.replace(/(.{4})(?=.)/g, '$1 ')}.`,
    `Wants invoices at ${email.replace('customer', 'accounts')} instead.`,
    'Prefers delivery in the morning.',
    'Asked for a quote for 25 pieces.',
    'Gift wrap, please.',
    'Returned one item, refund issued.',
    'Regular since 2019.',
    'Do not call before noon.',
    'Parcel goes to the neighbour.',
    'Likes the blue one.',
    'Complained about the packaging.',
    null,
    null,
    null,
  ] as const
  return notes[draw('note', id, notes.length)] ?? null
}

/** The digit that makes a card number valid (ISO/IEC 7812-1, annex B). */
export function luhnDigit(digits: string): number {
  let sum = 0
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index])
    const doubled = index % 2 === 0 ? digit * 2 : digit
    sum += doubled > 9 ? doubled - 9 : doubled
  }
  return (10 - (sum % 10)) % 10
}

function pad(value: number, length: number): string {
  return String(value).padStart(length, '0')
}

/** A number below `bound` from the seed, the field's name and the row (FNV-1a, then a finaliser to spread it). */
function draw(field: string, id: number, bound: number): number {
  let hash = 0x811c9dc5 ^ SEED
  for (const character of `${field}:${id}`) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) % bound
}
