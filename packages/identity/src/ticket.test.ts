import { randomBytes } from 'node:crypto'
import type { Subject } from '@sluice/events'
import { describe, expect, it } from 'vitest'
import { ScramClient } from './scram-client.ts'
import { ScramServer } from './scram-server.ts'
import { newTicket, parseTicketUser, ticketUser } from './ticket.ts'
import { TicketStore } from './ticket-store.ts'

const SUBJECT: Subject = {
  issuer: 'https://issuer.test',
  id: 'agent',
  kind: 'agent',
  groups: ['agents'],
  onBehalfOf: 'ana',
}
const NOW = 1_760_000_000_000_000
const TTL_MS = 900_000
const options = { subject: SUBJECT, connection: 'shop', task: 'report', ttlMs: TTL_MS, now: NOW }

describe('a ticket', () => {
  it('is short, and its secret opens its verifier', async () => {
    const { ticket, secret } = await newTicket(options)
    expect(ticket.ticketId).toMatch(/^[a-z2-9]{8}$/)
    expect(secret).toMatch(/^slt_[A-Za-z0-9_-]{32}$/)
    expect(ticket).toMatchObject({
      subject: SUBJECT,
      connection: 'shop',
      task: 'report',
      issuedAt: NOW,
      expiresAt: NOW + TTL_MS * 1000,
    })
    const client = new ScramClient({
      password: secret,
      clientNonce: randomBytes(18),
      channelBinding: null,
      offered: ['SCRAM-SHA-256'],
    })
    const server = new ScramServer({
      verifier: ticket.scram,
      serverNonce: randomBytes(18),
      channelBinding: null,
      mechanism: 'SCRAM-SHA-256',
    })
    expect(server.final(client.final(server.first(client.first()))).ok).toBe(true)
    expect(JSON.stringify(ticket)).not.toContain(secret)
  })

  it('keeps nothing of a verified subject but the subject', async () => {
    const { ticket } = await newTicket({ ...options, subject: { ...SUBJECT, demo: true } as Subject })
    expect(ticket.subject).toEqual(SUBJECT)
  })

  it('refuses a time in the wrong unit and a life that is none', async () => {
    await expect(newTicket({ ...options, now: NOW / 1000 })).rejects.toThrow(TypeError)
    await expect(newTicket({ ...options, ttlMs: 0 })).rejects.toThrow(TypeError)
    await expect(newTicket({ ...options, ttlMs: Number.NaN })).rejects.toThrow(TypeError)
  })

  it('is named by the user', () => {
    expect(ticketUser('agent', 'abcd2345')).toBe('agent.abcd2345')
    expect(ticketUser('spiffe://a/b?c', 'abcd2345')).toBe('spiffe___a_b_c.abcd2345')
    expect(Buffer.byteLength(ticketUser('é'.repeat(200), 'abcd2345'))).toBeLessThan(64)
    expect(ticketUser('', 'abcd2345')).toBe('subject.abcd2345')
    expect(parseTicketUser('ana@example.com.abcd2345')).toEqual({ claimed: 'ana@example.com', ticketId: 'abcd2345' })
    expect(parseTicketUser('.abcd2345')).toEqual({ claimed: '', ticketId: 'abcd2345' })
    for (const user of ['agent', 'agent.', 'agent.ABCD2345', 'agent.abcd23456', 'agent.abcd1', 'agent.abcd0000']) {
      expect(parseTicketUser(user)).toBeNull()
    }
  })
})

describe('the store of tickets', () => {
  it('finds a ticket until it expires', async () => {
    const { ticket } = await newTicket(options)
    const store = new TicketStore()
    store.apply(ticket)
    expect(store.find(ticket.ticketId, NOW)).toBe(ticket)
    expect(store.find(ticket.ticketId, ticket.expiresAt - 1)).toBe(ticket)
    expect(store.find(ticket.ticketId, ticket.expiresAt)).toBe('expired')
    expect(store.find('unknown2', NOW)).toBe('unknown')
    expect(store.find('__proto__', NOW)).toBe('unknown')
  })

  it('is bounded: expired ones go first, then the oldest', async () => {
    const { ticket } = await newTicket(options)
    const store = new TicketStore({ maxTickets: 10 })
    const add = (ticketId: string, issuedAt: number): void =>
      store.apply({ ...ticket, ticketId, issuedAt, expiresAt: issuedAt + 1000 })
    add('old', NOW)
    for (let i = 0; i < 9; i++) add(`t${i}`, NOW + 5000)
    add('t0', NOW + 5000)
    expect(store.size).toBe(10)
    add('next', NOW + 5001)
    expect(store.find('old', NOW)).toBe('unknown')
    expect(store.find('t1', NOW + 5001)).not.toBe('unknown')
    for (let i = 0; i < 1000; i++) add(`u${i}`, NOW + 5002)
    expect(store.size).toBeLessThanOrEqual(10)
    expect(store.find('u999', NOW + 5002)).not.toBe('unknown')
  })
})
