// What a client may say before authentication: which packets, which parameters. Pure.

import { BodyReader, strictText } from '../wire/decode.ts'
import { PROTOCOL_3_0, PROTOCOL_3_2, STARTUP_CODE } from '../wire/message-types.ts'

export type StartupRequest =
  | { readonly kind: 'ssl' }
  | { readonly kind: 'gss' }
  | { readonly kind: 'cancel'; readonly processId: number; readonly secret: Buffer }
  | { readonly kind: 'startup'; readonly version: number; readonly parameters: ReadonlyMap<string, string> }
  | { readonly kind: 'refused'; readonly sqlState: string; readonly reason: string; readonly hint: string }

const MAX_CANCEL_SECRET_BYTES = 256
const EMPTY_REQUEST_BYTES = 8

/** `packet` is a whole start-up packet with its length in front. */
export function decodeStartup(packet: Buffer): StartupRequest {
  const code = packet.readUInt32BE(4)
  switch (code) {
    case STARTUP_CODE.ssl:
    case STARTUP_CODE.gss:
      if (packet.length !== EMPTY_REQUEST_BYTES) return refused('08P01', 'the encryption request is malformed')
      return { kind: code === STARTUP_CODE.ssl ? 'ssl' : 'gss' }
    case STARTUP_CODE.cancel: {
      const secret = packet.subarray(12)
      if (secret.length < 4 || secret.length > MAX_CANCEL_SECRET_BYTES) {
        return refused('08P01', 'the cancel request is malformed')
      }
      return { kind: 'cancel', processId: packet.readInt32BE(8), secret }
    }
    default:
      return code >>> 16 === 3
        ? decodeParameters(packet, code)
        : refused('0A000', `protocol ${code >>> 16}.${code & 0xffff} is not supported`, 'Use protocol 3.0 or 3.2.')
  }
}

function decodeParameters(packet: Buffer, version: number): StartupRequest {
  const body = new BodyReader(packet, 8)
  const parameters = new Map<string, string>()
  for (;;) {
    const name = strictText(body.cBytes())
    if (name === '' && body.done && !body.broken) return { kind: 'startup', version, parameters }
    const value = strictText(body.cBytes())
    if (body.broken || name === null || name === '' || value === null) {
      return refused('08P01', 'the start-up packet is malformed', 'Parameters are pairs of UTF-8 strings.')
    }
    parameters.set(name, value)
  }
}

function refused(sqlState: string, reason: string, hint = 'Use a PostgreSQL client of protocol 3.'): StartupRequest {
  return { kind: 'refused', sqlState, reason, hint }
}

export type Negotiated = {
  readonly version: number
  /** `_pq_.` names that were asked for and are not known. */
  readonly unknownOptions: readonly string[]
  /** Whether the client has to be told. */
  readonly differs: boolean
}

/** 3.0 and 3.2 are spoken as asked; anything else in 3.x gets the nearest below it. */
export function negotiateVersion(asked: number, parameters: ReadonlyMap<string, string>): Negotiated {
  const version = asked >= PROTOCOL_3_2 ? PROTOCOL_3_2 : PROTOCOL_3_0
  const unknownOptions = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'))
  return { version, unknownOptions, differs: version !== asked || unknownOptions.length > 0 }
}

export type SessionParameters =
  | {
      readonly kind: 'accepted'
      readonly user: string
      readonly database: string
      readonly applicationName: string
      /** Sent to the upstream as they are. */
      readonly settings: ReadonlyMap<string, string>
    }
  | { readonly kind: 'refused'; readonly sqlState: string; readonly reason: string; readonly hint: string }

/** Settings that a client may give at start-up: those that change neither what a statement means nor who may do what. */
export const STARTUP_SETTINGS: ReadonlySet<string> = new Set([
  'application_name',
  'bytea_output',
  'datestyle',
  'extra_float_digits',
  'idle_in_transaction_session_timeout',
  'intervalstyle',
  'lock_timeout',
  'statement_timeout',
  'timezone',
])

const MAX_SETTING_BYTES = 1024

/** Sorts start-up parameters by the allow-list. `client_encoding` is set to UTF8 whatever the client asks. */
export function acceptParameters(parameters: ReadonlyMap<string, string>): SessionParameters {
  const user = parameters.get('user') ?? ''
  if (user === '') return refusedParameter('28000', 'no user name was given', 'Use <subject>.<ticket> as user name.')
  const settings = new Map<string, string>()
  for (const [given, value] of parameters) {
    const name = given.toLowerCase()
    if (name === 'user' || name === 'database' || name.startsWith('_pq_.')) continue
    if (name === 'client_encoding') continue
    if (name === 'replication' && isOff(value)) continue
    if (name === 'options' && value.trim() === '') continue
    if (name === 'standard_conforming_strings' && value.toLowerCase() === 'on') continue
    if (!STARTUP_SETTINGS.has(name)) {
      return refusedParameter('42501', `the start-up parameter ${printable(given)} is not allowed`, SETTING_HINT)
    }
    if (Buffer.byteLength(value) > MAX_SETTING_BYTES) {
      return refusedParameter('08P01', `the start-up parameter ${printable(given)} is too long`, SETTING_HINT)
    }
    settings.set(name, value)
  }
  const database = parameters.get('database') ?? user
  return { kind: 'accepted', user, database, applicationName: settings.get('application_name') ?? '', settings }
}

const SETTING_HINT = `Allowed are: ${[...STARTUP_SETTINGS].join(', ')}.`

function isOff(value: string): boolean {
  return ['off', 'false', 'no', '0'].includes(value.toLowerCase())
}

function printable(name: string): string {
  return /^[A-Za-z_][\w.]{0,62}$/.test(name) ? name : '(unprintable)'
}

function refusedParameter(sqlState: string, reason: string, hint: string): SessionParameters {
  return { kind: 'refused', sqlState, reason, hint }
}
