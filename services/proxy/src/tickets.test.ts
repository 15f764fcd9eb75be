import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  controlCodec,
  generateSigningKey,
  importSigningKey,
  LocalSchemaRegistry,
  nowMicros,
  type SigningKey,
  type Subject,
  signControl,
  type Ticket,
  TOPICS,
} from '@sluice/events'
import { newTicket } from '@sluice/identity'
import { EmbeddedLog } from '@sluice/stream'
import { ControlWriter, type Incident, issueCertificate, publishCertificates, TrustedKeys } from '@sluice/trust'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PublishedTickets } from './tickets.ts'

const SUBJECT: Subject = { issuer: 'https://i.test', id: 'a', kind: 'agent', groups: ['agents'], onBehalfOf: null }
const newKey = (): SigningKey => importSigningKey(generateSigningKey())

let dir: string
let log: EmbeddedLog
let registry: LocalSchemaRegistry
let keys: TrustedKeys
let tickets: PublishedTickets
let incidents: string[]
const [root, consoleKey, nodeKey] = [newKey(), newKey(), newKey()]

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-tickets-'))
  log = EmbeddedLog.open(join(dir, 'log'))
  registry = LocalSchemaRegistry.open(join(dir, 'schemas.json'))
  incidents = []
  const certificateOf = (key: SigningKey, role: 'console' | 'node') =>
    issueCertificate(
      root,
      { key, role, name: role, validFrom: 0, validUntil: null },
      { version: 1, previous: null, time: 0 },
    )
  const certificates = await Promise.all([certificateOf(consoleKey, 'console'), certificateOf(nodeKey, 'node')])
  await publishCertificates({ log, registry, root: root.publicKey, certificates, source: '/test' })
  keys = await TrustedKeys.open({ log, registry, root: root.publicKey, onIncident: ({ code }) => incidents.push(code) })
  tickets = await open()
})
afterEach(async () => {
  await tickets.close()
  await keys.close()
  await log.close()
  rmSync(dir, { recursive: true, force: true })
})

const open = (): Promise<PublishedTickets> => {
  const onIncident = ({ code }: Incident): void => void incidents.push(code)
  return PublishedTickets.open({ log, registry, keys, maxTickets: 100, onIncident })
}

async function ticketOf(ttlMs = 60_000): Promise<Ticket> {
  const wanted = { subject: SUBJECT, connection: null, task: null, ttlMs, now: nowMicros() }
  return (await newTicket(wanted)).ticket
}

/** As it would be written by whoever has this key. */
async function put(ticket: Ticket, key = consoleKey, tamper?: (value: Buffer) => void): Promise<void> {
  const codec = await controlCodec(registry, TOPICS.tickets)
  const place = { version: 1, previous: null, time: nowMicros() }
  const value = signControl(codec, TOPICS.tickets, ticket.ticketId, ticket, place, key)
  tamper?.(value)
  const producer = await log.producer(TOPICS.tickets)
  await producer.append([{ key: Buffer.from(ticket.ticketId), value, headers: '{}' }])
  await producer.close()
}

describe('published tickets', () => {
  it('work from the moment on in which they were published', async () => {
    const writer = await ControlWriter.open({
      log,
      registry,
      topic: TOPICS.tickets,
      key: consoleKey,
      nowMicros,
      everyKeyOnce: true,
    })
    for (let turn = 0; turn < 10; turn++) {
      const ticket = await ticketOf()
      await writer.publish(ticket.ticketId, ticket)
      const found = await Promise.all([tickets.find(ticket.ticketId), tickets.find(ticket.ticketId)])
      expect(found).toEqual([expect.objectContaining(ticket), expect.objectContaining(ticket)])
    }
    expect(incidents).toEqual([])
    await writer.close()
  })

  it('open nothing unless the console signed them, and are told', async () => {
    const [foreign, node, changed, good] = await Promise.all([ticketOf(), ticketOf(), ticketOf(), ticketOf()])
    await put(foreign, newKey())
    await put(node, nodeKey)
    await put(changed, consoleKey, (value) => {
      const at = value.indexOf('agents')
      value.write('admins', at)
    })
    await put(good)
    for (const { ticketId } of [foreign, node, changed]) expect(await tickets.find(ticketId)).toBe('unknown')
    expect(await tickets.find(good.ticketId)).toMatchObject(good)
    expect(incidents).toEqual(['foreign_key', 'wrong_role', 'unsigned'])
  })

  it('are not replaced by another record of the same id', async () => {
    const ticket = await ticketOf()
    await put(ticket)
    await put({ ...ticket, subject: { ...SUBJECT, groups: ['admins'] } })
    await put({ ...ticket, expiresAt: 1 }, newKey())
    expect(await tickets.find(ticket.ticketId)).toMatchObject({ subject: { groups: ['agents'] } })
    expect(incidents).toEqual(['fork'])
  })

  it('say that they have expired, also to a proxy that started later', async () => {
    const ticket = await ticketOf(1)
    await put(ticket)
    expect(await tickets.find(ticket.ticketId)).toBe('expired')
    await tickets.close()
    tickets = await open()
    expect(await tickets.find(ticket.ticketId)).toBe('expired')
    expect(await tickets.find('unknown2')).toBe('unknown')
  })

  it('lose no place to forged ones that claim to be over', async () => {
    const ticket = await ticketOf()
    await put(ticket)
    const over = { ...(await ticketOf()), issuedAt: 4e15, expiresAt: 1 }
    for (let at = 0; at < 200; at++) await put({ ...over, ticketId: `over${at}` }, newKey())
    expect(await tickets.find('over199')).toBe('expired')
    expect(await tickets.find(ticket.ticketId)).toMatchObject(ticket)
  })
})
