import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { CUSTOMERS, luhnDigit, ORDERS, shopCustomers, shopOrders } from './rows.ts'

const customers = [...shopCustomers()]
const orders = [...shopOrders()]

describe('the demo rows', () => {
  it('are the same at every start', () => {
    const digest = (rows: unknown) => createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16)
    expect([digest(customers), digest(orders)]).toEqual(['1d50e34b94c92981', 'd2eff828ecc2e574'])
  })

  it('are as many as promised, with ids in order and every order with a customer', () => {
    expect([customers.length, orders.length]).toEqual([CUSTOMERS, ORDERS])
    expect(customers.every(({ id }, index) => id === index + 1)).toBe(true)
    expect(orders.every(({ customerId }) => customerId >= 1 && customerId <= CUSTOMERS)).toBe(true)
  })

  it('look like the real thing', () => {
    expect(luhnDigit('7992739871')).toBe(3)
    const wrong = customers.filter(
      ({ card, ssn, email }) =>
        !/^400000\d{10}$/.test(card) ||
        luhnDigit(card.slice(0, -1)) !== Number(card.at(-1)) ||
        !/^[1-6]\d\d-(?!00)\d\d-(?!0000)\d{4}$/.test(ssn) ||
        !/^customer\.\d{4,5}@example\.com$/.test(email),
    )
    expect(wrong).toEqual([])
    expect(customers[0]).toMatchObject({ name: 'Customer 0001', ssn: '123-45-6789' })
  })

  it('hide SSNs, card numbers and addresses in some of the notes', () => {
    const holding = (part: RegExp) => customers.filter(({ notes }) => notes !== null && part.test(notes)).length
    for (const part of [/\d{3}-\d\d-\d{4}/, /4000 00\d\d( \d{4}){2}/, /@example\.com/]) {
      expect(holding(part)).toBeGreaterThan(CUSTOMERS / 30)
      expect(holding(part)).toBeLessThan(CUSTOMERS / 5)
    }
  })
})
