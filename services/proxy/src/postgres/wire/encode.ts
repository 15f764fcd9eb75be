// Builds the messages that the gateway itself sends, to a client or to a server. Source: PostgreSQL documentation,
// "Message Formats".

import { AUTHENTICATION, CLIENT, SERVER, STARTUP_CODE, type TransactionStatus } from './message-types.ts'

const NUL = Buffer.from([0])

export function cString(text: string): Buffer {
  return Buffer.concat([Buffer.from(text, 'utf8'), NUL])
}

export function int32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function int16(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(2)
  bytes.writeInt16BE(value)
  return bytes
}

export function message(type: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const header = Buffer.allocUnsafe(5)
  header[0] = type
  header.writeUInt32BE(body.length + 4, 1)
  return Buffer.concat([header, body])
}

export type ErrorReport = {
  readonly severity: 'NOTICE' | 'ERROR' | 'FATAL'
  readonly sqlState: string
  readonly message: string
  readonly detail?: string
  readonly hint?: string
  /** In characters of the statement, from 1. */
  readonly position?: string
}

function reportFields(report: ErrorReport): Buffer {
  const fields: [string, string | undefined][] = [
    ['S', report.severity],
    ['V', report.severity],
    ['C', report.sqlState],
    ['M', report.message],
    ['D', report.detail],
    ['H', report.hint],
    ['P', report.position],
  ]
  const parts = fields.flatMap(([name, value]) => (value === undefined ? [] : [Buffer.from(name), cString(value)]))
  return Buffer.concat([...parts, NUL])
}

export function errorResponse(report: ErrorReport): Buffer {
  return message(SERVER.error, reportFields(report))
}

export function noticeResponse(report: ErrorReport): Buffer {
  return message(SERVER.notice, reportFields(report))
}

export const authenticationOk = message(SERVER.authentication, int32(AUTHENTICATION.ok))
export const authenticationCleartext = message(SERVER.authentication, int32(AUTHENTICATION.cleartextPassword))

export function authenticationSasl(mechanisms: readonly string[]): Buffer {
  return message(SERVER.authentication, int32(AUTHENTICATION.sasl), ...mechanisms.map(cString), NUL)
}

export function authenticationSaslContinue(data: Buffer): Buffer {
  return message(SERVER.authentication, int32(AUTHENTICATION.saslContinue), data)
}

export function authenticationSaslFinal(data: Buffer): Buffer {
  return message(SERVER.authentication, int32(AUTHENTICATION.saslFinal), data)
}

export function parameterStatus(name: string, value: string): Buffer {
  return message(SERVER.parameterStatus, cString(name), cString(value))
}

export function backendKeyData(processId: number, secret: Buffer): Buffer {
  return message(SERVER.backendKeyData, int32(processId), secret)
}

/** `options` are the `_pq_.` names that this side does not know. */
export function negotiateProtocolVersion(version: number, options: readonly string[]): Buffer {
  return message(SERVER.negotiateProtocolVersion, int32(version), int32(options.length), ...options.map(cString))
}

export function readyForQuery(status: TransactionStatus): Buffer {
  return message(SERVER.readyForQuery, Buffer.from(status))
}

export function query(text: string): Buffer {
  return message(CLIENT.query, cString(text))
}

/** Parameter types that Parse does not declare. */
export const noTypes = int16(0)

/** `types` is the end of a Parse message: the declared parameter types. */
export function parse(name: string, text: string, types: Buffer = noTypes): Buffer {
  return message(CLIENT.parse, cString(name), cString(text), types)
}

/** `bound` is what follows the names: formats, values, result formats. */
export function bind(portal: string, statement: string, bound: Buffer): Buffer {
  return message(CLIENT.bind, cString(portal), cString(statement), bound)
}

export function describe(target: 'portal' | 'statement', name: string): Buffer {
  return message(CLIENT.describe, Buffer.from(target === 'portal' ? 'P' : 'S'), cString(name))
}

/** Values as text, results as text. */
export function textParameters(values: readonly (string | null)[]): Buffer {
  const parts = values.map((value) => {
    if (value === null) return int32(-1)
    const bytes = Buffer.from(value)
    return Buffer.concat([int32(bytes.length), bytes])
  })
  return Buffer.concat([int16(0), int16(values.length), ...parts, int16(0)])
}

export function execute(portal: string): Buffer {
  return message(CLIENT.execute, cString(portal), int32(0))
}

export function close(target: 'portal' | 'statement', name: string): Buffer {
  return message(CLIENT.close, Buffer.from(target === 'portal' ? 'P' : 'S'), cString(name))
}

/** Parse was done: what the server answers to it. */
export const parseComplete = message(SERVER.parseComplete)

export function commandComplete(tag: string): Buffer {
  return message(SERVER.commandComplete, cString(tag))
}

export const sync = message(CLIENT.sync)
export const flush = message(CLIENT.flush)

export function passwordMessage(body: Buffer): Buffer {
  return message(CLIENT.password, body)
}

export function saslInitialResponse(mechanism: string, data: Buffer): Buffer {
  return message(CLIENT.password, cString(mechanism), int32(data.length), data)
}

export const terminate = message(CLIENT.terminate)

function startupFrame(code: number, body: Buffer): Buffer {
  return Buffer.concat([int32(body.length + 8), int32(code), body])
}

export const sslRequest = startupFrame(STARTUP_CODE.ssl, Buffer.alloc(0))

export function startupPacket(version: number, parameters: ReadonlyMap<string, string>): Buffer {
  const pairs = [...parameters].flatMap(([name, value]) => [cString(name), cString(value)])
  return startupFrame(version, Buffer.concat([...pairs, NUL]))
}

export function cancelRequest(key: { readonly processId: number; readonly secret: Buffer }): Buffer {
  return startupFrame(STARTUP_CODE.cancel, Buffer.concat([int32(key.processId), key.secret]))
}
