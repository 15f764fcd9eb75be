// Changes a verified subject into a ticket, within bounds, and gives it out only after it is in the log.
import { AuditUnavailable, isShowableClaim, type Ticket, type TOPICS } from '@sluice/events'
import { newTicket, ticketUser, type VerifiedSubject } from '@sluice/identity'
import type { ControlWriter } from '@sluice/trust'
import { z } from 'zod'
import { refuse } from './problem.ts'
import { RequestLimit } from './request-limit.ts'
import { subjectKey } from './route-basics.ts'

export const TICKETS_AT_ONCE = 300
export const TICKETS_PER_SECOND = 2
export const MAX_TICKET_SUBJECTS = 10_000
const MAX_CONNECTION_CHARACTERS = 63
const MAX_TASK_CHARACTERS = 128
/** A task is shown wherever the session is: nothing that could pass for markup, a line of a log or a value. */
const TASK = /^[\p{L}\p{N} .,:;/#_()+-]+$/u
const NO_NUMBER = /[^\p{N}]+/gu

function isShowableTask(task: string): boolean {
  return TASK.test(task) && isShowableClaim(task.replace(NO_NUMBER, ' '))
}

export type ConnectionFacts = { readonly demo: boolean }

export type TicketOfficeOptions = {
  readonly connections: Readonly<Record<string, ConnectionFacts>>
  readonly defaultTtlMs: number
  readonly maxTtlMs: number
  /** Signs as the console. */
  readonly writer: Pick<ControlWriter<typeof TOPICS.tickets>, 'publish'>
  readonly nowMs: () => number
}

export type IssuedTicket = {
  readonly ticketId: string
  /** Shown once. */
  readonly secret: string
  /** ISO 8601, UTC. */
  readonly expiresAt: string
  /** The user name by which a native client presents it. */
  readonly user: string
  readonly connection: string | null
  readonly task: string | null
}

export class TicketOffice {
  readonly requestSchema: z.ZodType<TicketRequest>
  readonly #options: TicketOfficeOptions
  readonly #rate = new RequestLimit({
    burst: TICKETS_AT_ONCE,
    perSecond: TICKETS_PER_SECOND,
    maxKeys: MAX_TICKET_SUBJECTS,
    code: 'too_many_tickets',
    detail: (waitSeconds) => `tickets can be used many times; wait ${waitSeconds} s for a new one`,
  })

  constructor(options: TicketOfficeOptions) {
    this.#options = options
    this.requestSchema = z.strictObject({
      connection: z.string().min(1).max(MAX_CONNECTION_CHARACTERS).nullish(),
      task: z
        .string()
        .min(1)
        .max(MAX_TASK_CHARACTERS)
        .refine(isShowableTask, 'may have no addresses, long numbers and markup in it')
        .nullish(),
      ttlSeconds: z
        .int()
        .min(1)
        .max(Math.floor(options.maxTtlMs / 1000))
        .optional(),
    })
  }

  /** @throws ProblemError where it may not be had; AuditUnavailable where the log can't take it. */
  async issue(subject: VerifiedSubject, request: TicketRequest): Promise<IssuedTicket> {
    const { defaultTtlMs, nowMs } = this.#options
    const connection = request.connection ?? null
    if (connection !== null) this.#checkConnection(connection, subject)
    this.#rate.count(subjectKey(subject), nowMs())
    const { ticket, secret } = await newTicket({
      subject,
      connection,
      task: request.task ?? null,
      ttlMs: request.ttlSeconds === undefined ? defaultTtlMs : request.ttlSeconds * 1000,
      now: nowMs() * 1000,
    })
    await this.#publish(ticket)
    return {
      ticketId: ticket.ticketId,
      secret,
      expiresAt: new Date(ticket.expiresAt / 1000).toISOString(),
      user: ticketUser(subject.id, ticket.ticketId),
      connection,
      task: ticket.task,
    }
  }

  #checkConnection(name: string, subject: VerifiedSubject): void {
    const { connections } = this.#options
    const connection = Object.hasOwn(connections, name) ? connections[name] : undefined
    if (connection === undefined) throw refuse('connection_unknown', 'there is no connection of that name')
    if (subject.demo && !connection.demo) {
      throw refuse('connection_not_demo', 'the demo issuer opens only connections that are marked `demo: true`')
    }
  }

  async #publish(ticket: Ticket): Promise<void> {
    try {
      await this.#options.writer.publish(ticket.ticketId, ticket)
    } catch (cause) {
      throw new AuditUnavailable(
        'ticket_log_unavailable',
        'the ticket could not be recorded, so it was not given out; try again, and look at the console’s log if that does not help',
        { cause },
      )
    }
  }
}

export type TicketRequest = {
  readonly connection?: string | null | undefined
  readonly task?: string | null | undefined
  readonly ttlSeconds?: number | undefined
}
