// The message types of protocol 3 as tables. Source: PostgreSQL documentation, "Message Formats".

const code = (character: string): number => character.charCodeAt(0)

/** What a client sends after start-up. */
export const CLIENT = {
  bind: code('B'),
  close: code('C'),
  copyData: code('d'),
  copyDone: code('c'),
  copyFail: code('f'),
  describe: code('D'),
  execute: code('E'),
  flush: code('H'),
  functionCall: code('F'),
  parse: code('P'),
  password: code('p'),
  query: code('Q'),
  sync: code('S'),
  terminate: code('X'),
} as const

/** What a server sends. */
export const SERVER = {
  authentication: code('R'),
  backendKeyData: code('K'),
  bindComplete: code('2'),
  closeComplete: code('3'),
  commandComplete: code('C'),
  copyBoth: code('W'),
  copyData: code('d'),
  copyDone: code('c'),
  copyIn: code('G'),
  copyOut: code('H'),
  dataRow: code('D'),
  emptyQuery: code('I'),
  error: code('E'),
  functionCallResponse: code('V'),
  negotiateProtocolVersion: code('v'),
  noData: code('n'),
  notice: code('N'),
  notification: code('A'),
  parameterDescription: code('t'),
  parameterStatus: code('S'),
  parseComplete: code('1'),
  portalSuspended: code('s'),
  readyForQuery: code('Z'),
  rowDescription: code('T'),
} as const

/** Sub-codes of the authentication message. */
export const AUTHENTICATION = {
  ok: 0,
  cleartextPassword: 3,
  md5Password: 5,
  sasl: 10,
  saslContinue: 11,
  saslFinal: 12,
} as const

/** The first word of a start-up packet. */
export const STARTUP_CODE = {
  cancel: 80877102,
  ssl: 80877103,
  gss: 80877104,
} as const

export const PROTOCOL_3_0 = 3 << 16
export const PROTOCOL_3_2 = (3 << 16) | 2

/** One byte of type and four of length. */
export const HEADER_BYTES = 5

/** Of ReadyForQuery: idle, in a transaction, in one that failed. */
export type TransactionStatus = 'I' | 'T' | 'E'
