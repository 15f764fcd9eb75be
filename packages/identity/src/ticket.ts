// Tickets: short secrets that stand for a subject where a client can't carry a token. Only their verifier is kept.
import { randomBytes } from 'node:crypto'
import type { Subject, Ticket } from '@sluice/events'
import { scramVerifier } from './scram-keys.ts'

/** 32 letters, so that five bits choose one without preference; `l` and `o` are left out as they look like digits. */
const ID_ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789'
const ID_LENGTH = 8
/** Makes a leaked ticket recognisable to scanners of secrets. */
const SECRET_PREFIX = 'slt_'
const SECRET_BYTES = 24
const SALT_BYTES = 16
const MICROS_PER_MS = 1000
/** 1973 in microseconds, or the year 5138 in milliseconds: a smaller number is one of the wrong unit. */
const PLAUSIBLE_MICROS = 1e14

export type NewTicketOptions = {
  readonly subject: Subject
  /** The only connection that it opens, or null for any that the policy grants. */
  readonly connection: string | null
  readonly task: string | null
  readonly ttlMs: number
  /** Microseconds since the epoch. */
  readonly now: number
}

/** @returns the ticket as it is published, and the secret, which is shown once and stored nowhere. */
export async function newTicket(
  options: NewTicketOptions,
): Promise<{ readonly ticket: Ticket; readonly secret: string }> {
  if (!(options.now > PLAUSIBLE_MICROS)) throw new TypeError('`now` is in microseconds since the epoch')
  if (!(options.ttlMs > 0)) throw new TypeError('a ticket needs a life')
  const secret = SECRET_PREFIX + randomBytes(SECRET_BYTES).toString('base64url')
  const { issuer, id, kind, groups, onBehalfOf } = options.subject
  const ticket: Ticket = {
    ticketId: ticketId(),
    subject: { issuer, id, kind, groups, onBehalfOf },
    connection: options.connection,
    task: options.task,
    issuedAt: options.now,
    expiresAt: options.now + Math.round(options.ttlMs * MICROS_PER_MS),
    scram: await scramVerifier(secret, randomBytes(SALT_BYTES)),
  }
  return { ticket, secret }
}

function ticketId(): string {
  return [...randomBytes(ID_LENGTH)].map((byte) => ID_ALPHABET[byte % ID_ALPHABET.length]).join('')
}

const USER_NAME = new RegExp(`^(?<claimed>.*)\\.(?<ticketId>[a-z2-9]{6,${ID_LENGTH}})$`, 's')

/**
 * Takes the ticket's id from a user name such as `agent.7qmxk2pa`. What stands before the dot is what the client claims
 * to be; it proves nothing.
 */
export function parseTicketUser(user: string): { readonly claimed: string; readonly ticketId: string } | null {
  const groups = USER_NAME.exec(user)?.groups
  return groups ? { claimed: groups['claimed'] ?? '', ticketId: groups['ticketId'] ?? '' } : null
}

/** The user name by which a client presents a ticket: PostgreSQL cuts a longer one at 63 bytes, so the claim is cut first. */
export function ticketUser(subjectId: string, ticketId: string): string {
  return `${claimOf(subjectId)}.${ticketId}`
}

const MAX_CLAIM_CHARACTERS = 48

function claimOf(subjectId: string): string {
  return subjectId.replace(/[^A-Za-z0-9_@.-]/g, '_').slice(0, MAX_CLAIM_CHARACTERS) || 'subject'
}
