/** `sluice token`: a ticket, and for the demo the whole psql line. */
import { relative } from 'node:path'
import type { RunningDemo } from '../console/access.ts'
import type { TicketAnswer } from '../console/client.ts'
import { escapeControls } from '../terminal/escape.ts'
import { type AskingFlags, clientFor, placeOf, type VerbContext } from './context.ts'

export type TokenFlags = AskingFlags & { readonly connection?: string; readonly task?: string; readonly ttl?: number }

export async function runToken(flags: TokenFlags, context: VerbContext): Promise<void> {
  const { output } = context
  const { demo, connection } = await placeOf(context, flags)
  const client = await clientFor(context, flags, 'agent')
  const ticket = await client.ticket({
    ...(connection === undefined ? {} : { connection }),
    ...(flags.task === undefined ? {} : { task: flags.task }),
    ...(flags.ttl === undefined ? {} : { ttlSeconds: flags.ttl }),
  })
  if (flags.json === true) return output.json(ticket)
  if (demo !== null && connection !== undefined) output.line(psqlLine(demo, connection, ticket))
  else output.line(`user:      ${escapeControls(ticket.user)}`)
  output.line(`password:  ${escapeControls(ticket.secret)}`)
  output.line(`until:     ${escapeControls(ticket.expiresAt)}`)
}

function psqlLine({ proxyPort, caFile }: RunningDemo, connection: string, { user }: TicketAnswer): string {
  const short = relative(process.cwd(), caFile)
  const ca = short.startsWith('..') ? caFile : short
  const address = `localhost:${proxyPort}/${encodeURIComponent(connection)}`
  return `psql "postgresql://${encodeURIComponent(user)}@${address}?sslmode=verify-full&sslrootcert=${ca}"`
}
