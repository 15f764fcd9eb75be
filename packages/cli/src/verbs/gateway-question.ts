/** Questions that the gateway answers itself, on a session like any other: they are decided and recorded like statements. */
import { readFile } from 'node:fs/promises'
import { CliFailure, EXIT_CODES } from '../failure.ts'
import { type AskingFlags, clientFor, placeOf, type VerbContext } from './context.ts'

export type GatewayFlags = AskingFlags & { readonly connection?: string }

export type GatewayAnswer = {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

const HOST_AND_PORT = /^(.+):(\d{1,5})$/
const CONNECT_MS = 10_000

export async function askGateway(
  text: string,
  flags: GatewayFlags,
  context: VerbContext,
  otherwise: 'agent' | 'owner',
): Promise<GatewayAnswer> {
  const { environment } = context
  const { demo, connection } = await placeOf(context, flags)
  if (connection === undefined) throw new CliFailure('say on which connection: --connection NAME', EXIT_CODES.usage)
  const client = await clientFor(context, flags, otherwise)
  const ticket = await client.ticket({ connection })
  const gateway = demo === null ? gatewayAt(environment) : { host: 'localhost', port: demo.proxyPort }
  const caFile = demo?.caFile ?? environment['SLUICE_CA']
  const { default: pg } = await import('pg')
  const session = new pg.Client({
    ...gateway,
    user: ticket.user,
    password: ticket.secret,
    database: connection,
    ssl: caFile === undefined ? true : { ca: await readFile(caFile, 'utf8') },
    connectionTimeoutMillis: CONNECT_MS,
    application_name: 'sluice',
  })
  try {
    await session.connect()
    const { fields, rows } = await session.query<string[]>({ text, rowMode: 'array' })
    return { columns: fields.map(({ name }) => name), rows }
  } catch (error) {
    const { message, hint, severity } = error as { message: string; hint?: string; severity?: string }
    const said = message.replace(/^sluice: /, '')
    const code = severity === undefined ? EXIT_CODES.unreachable : EXIT_CODES.forbidden
    throw new CliFailure(hint === undefined ? said : `${said}\n  ${hint}`, code, { cause: error })
  } finally {
    await session.end().catch(() => undefined)
  }
}

function gatewayAt(environment: NodeJS.ProcessEnv): { readonly host: string; readonly port: number } {
  const [, host, port] = HOST_AND_PORT.exec(environment['SLUICE_GATEWAY'] ?? '') ?? []
  if (host !== undefined) return { host, port: Number(port) }
  throw new CliFailure('set SLUICE_GATEWAY to where the proxy is, such as db.example.com:15432', EXIT_CODES.usage)
}
