// A labelled set for the detectors, made by a program and always the same: texts as people and programs write them, with what is
// sensitive in them, and with what only looks so.

import { createHash } from 'node:crypto'

export type Kind =
  | 'email'
  | 'pan'
  | 'ssn'
  | 'phone'
  | 'iban'
  | 'key'
  | 'jwt'
  | 'private-key'
  | 'connection-string'
  | 'named-secret'

export type Labelled = {
  readonly text: string
  /** What has to be masked, by place; none in a near miss. */
  readonly sensitive: readonly { readonly start: number; readonly end: number; readonly kind: Kind }[]
}

/** Mulberry32. */
const randomOf = (seed: number): (() => number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export class Maker {
  readonly random: () => number

  constructor(seed: number) {
    this.random = randomOf(seed)
  }

  int(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1))
  }

  pick<T>(items: readonly T[]): T {
    return items[this.int(0, items.length - 1)] as T
  }

  text(length: number, alphabet: string): string {
    return Array.from({ length }, () => alphabet[this.int(0, alphabet.length - 1)]).join('')
  }

  digits(length: number): string {
    return this.text(length, '0123456789')
  }

  /** Letters and digits, a digit among them as in nearly every key of the length. */
  token(length: number): string {
    return `${this.text(length - 1, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789')}${this.int(0, 9)}`
  }

  hash(algorithm: 'sha1' | 'sha256' | 'md5' = 'sha1'): string {
    return createHash(algorithm).update(String(this.random())).digest('hex')
  }
}

const WORDS =
  'the customer asked about an order that was late and we agreed to send another one before friday please check whether the payment arrived because support could not see it in the system yet thank you for your patience our team will follow up with details shipping address changed invoice attached meeting moved to next week product arrived damaged refund requested contract renewal pending manager informed delivery confirmed'.split(
    ' ',
  )
const NAMES = ['anna', 'james', 'maria', 'wei', 'olga', 'peter', 'fatima', 'john', 'lucía', 'tom', 'ravi', 'sophie']
const HOSTS = [
  'example.com',
  'mail.example.org',
  'shop.example.co.uk',
  'firma.example.de',
  'example.io',
  'corp.example.net',
]

export const sentence = (make: Maker, words = make.int(4, 14)): string =>
  Array.from({ length: words }, () => make.pick(WORDS)).join(' ')

const checked = (digits: string): string => {
  const sum = digits.split('').reduce((total, digit, index) => {
    const value = Number(digit) * ((digits.length - index) % 2 === 1 ? 2 : 1)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return digits + String((10 - (sum % 10)) % 10)
}

const grouped = (digits: string, lengths: readonly number[], separator: string): string => {
  const starts = lengths.map((_, index) => lengths.slice(0, index).reduce((sum, length) => sum + length, 0))
  return starts
    .map((start, index) => digits.slice(start, start + (lengths[index] ?? 0)))
    .filter((group) => group !== '')
    .join(separator)
}

const card = (make: Maker): string => {
  const separator = make.pick(['', '', ' ', '-'])
  if (make.random() < 0.15) return grouped(checked(`37${make.digits(12)}`), [4, 6, 5], separator)
  const head = make.pick(['4', '4', '51', '53', '55', '2221', '6011', '3528'])
  return grouped(checked((head + make.digits(15)).slice(0, 15)), [4, 4, 4, 4], separator)
}

const ssnParts = (make: Maker): readonly string[] => [
  make.pick(['123', '219', '457', '512', '078', '601', '899']),
  String(make.int(1, 99)).padStart(2, '0'),
  String(make.int(1, 9999)).padStart(4, '0'),
]

const BANKS = ['37040044', '10000000', '50010517', '20041010']
const iban = (make: Maker): string => {
  const account = make.pick(BANKS) + make.digits(10)
  // 131400 is DE00 as letters count from 10.
  const check = 98n - (BigInt(`${account}131400`) % 97n)
  const plain = `DE${String(check).padStart(2, '0')}${account}`
  return make.random() < 0.5 ? plain : grouped(plain, [4, 4, 4, 4, 4, 2], ' ')
}

const phone = (make: Maker): string =>
  make.pick([
    () => `+49 ${make.int(30, 89)} ${make.digits(7)}`,
    () => `+1 (${make.int(201, 989)}) ${make.int(200, 999)}-${make.digits(4)}`,
    () => `+44${make.int(7000, 7999)}${make.digits(6)}`,
    () => `(${make.int(201, 989)}) ${make.int(200, 999)}-${make.digits(4)}`,
  ])()

const KEYS: readonly ((make: Maker) => string)[] = [
  (make) => `AKIA${make.text(15, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')}7`,
  (make) => `AIza${make.token(35)}`,
  (make) => `ghp_${make.token(36)}`,
  (make) => `github_pat_${make.token(22)}_${make.token(59)}`,
  (make) => `glpat-${make.token(20)}`,
  (make) => `xoxb-${make.digits(12)}-${make.digits(12)}-${make.token(24)}`,
  (make) => `sk_live_${make.token(24)}`,
  (make) => `sk-proj-${make.token(48)}`,
  (make) => `npm_${make.token(36)}`,
  (make) => `SG.${make.token(22)}.${make.token(43)}`,
]

const base64url = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (make: Maker): string =>
  `${base64url({ alg: 'HS256', typ: 'JWT' })}.${base64url({ sub: make.digits(10), iat: make.int(1.6e9, 1.8e9) })}.${make.token(43)}`

const pem = (make: Maker): string => {
  const kind = make.pick(['RSA PRIVATE KEY', 'PRIVATE KEY', 'EC PRIVATE KEY', 'OPENSSH PRIVATE KEY'])
  const lines = Array.from({ length: make.int(3, 12) }, () => make.token(64))
  return [`-----BEGIN ${kind}-----`, ...lines, `-----END ${kind}-----`].join(make.pick(['\n', '\\n']))
}

const password = (make: Maker): string =>
  make.pick([
    () => `${make.pick(['Summer', 'Winter', 'Secret'])}${make.int(10, 2030)}${make.pick(['', '!', '#'])}`,
    () => `${make.text(12, 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789!#%+-')}7x`,
    () => `${make.pick(NAMES.slice(0, 8))}${make.int(1, 999)}`,
  ])()

/** Pieces of a text: those that are objects are what is to be masked. */
type Piece = string | { readonly kind: Kind; readonly value: string }
type Form = (make: Maker) => readonly Piece[]

const of = (kind: Kind, value: string): Piece => ({ kind, value })

/** How each is met; the last of some forms are hard on purpose: a person sees it, by no word near and no form of its own. */
export const POSITIVES: Readonly<Record<Kind, readonly Form[]>> = {
  email: [
    (make) => ['write to ', of('email', `${make.pick(NAMES)}.${make.pick(WORDS)}@${make.pick(HOSTS)}`), '.'],
    (make) => ['{"email":"', of('email', `${make.pick(NAMES)}${make.int(1, 99)}@${make.pick(HOSTS)}`), '"}'],
    (make) => ['"Support" <', of('email', `${make.pick(NAMES)}+${make.pick(WORDS)}@${make.pick(HOSTS)}`), '>'],
    (make) => ['mailto:', of('email', `${make.pick(NAMES)}_${make.pick(NAMES)}%40${make.pick(HOSTS)}`), '?subject=hi'],
    (make) => ["o'neil is ", of('email', `o'neil@${make.pick(HOSTS)}`), ', cc me'],
    (make) => ['reach me: ', of('email', `${make.pick(NAMES)} (at) ${make.pick(HOSTS)}`)],
  ],
  pan: [
    (make) => ['paid with card ', of('pan', card(make)), ` exp ${make.int(1, 12)}/2${make.int(6, 9)}`],
    (make) => ['{"number":"', of('pan', card(make)), '","cvc":"123"}'],
    (make) => [of('pan', card(make)), ' was declined'],
    (make) => ['charged ', of('pan', card(make)), ' and then ', of('pan', card(make))],
    (make) => ['CC#', of('pan', card(make)), ', name on it is ', make.pick(NAMES)],
    (make) => ['visa ', of('pan', grouped(checked(`4${make.digits(14)}`), [6, 4, 6], ' '))],
    (make) => ['no ', of('pan', grouped(checked(`4${make.digits(14)}`), [6, 4, 6], ' ')), ' please'],
  ],
  ssn: [
    (make) => ['SSN ', of('ssn', ssnParts(make).join('-')), ' on file'],
    (make) => ['ssn: ', of('ssn', ssnParts(make).join(''))],
    (make) => ['social security number is ', of('ssn', ssnParts(make).join(' '))],
    (make) => ['verified ', of('ssn', ssnParts(make).join('-')), ' by phone'],
    (make) => ['{"customer_ssn": "', of('ssn', ssnParts(make).join('')), '"}'],
    (make) => ['verified ', of('ssn', ssnParts(make).join(' ')), ' today'],
  ],
  phone: [
    (make) => ['call ', of('phone', phone(make)), ' after five'],
    (make) => [of('phone', phone(make)), ' does not answer'],
    (make) => ['Tel.: ', of('phone', `0${make.int(30, 89)}/${make.digits(7)}`)],
    (make) => ['mobile ', of('phone', `${make.int(201, 989)}-${make.int(200, 999)}-${make.digits(4)}`), ', thanks'],
    (make) => ['{"phone":"', of('phone', make.digits(10)), '"}'],
    (make) => ['she left ', of('phone', `${make.int(201, 989)}-${make.int(200, 999)}-${make.digits(4)}`), ' for you'],
  ],
  iban: [
    (make) => ['transfer to ', of('iban', iban(make)), ' today'],
    (make) => ['IBAN:', of('iban', iban(make)), '; BIC COBADEFFXXX'],
    (make) => ['konto ', of('iban', iban(make).toLowerCase())],
  ],
  key: KEYS.flatMap((key): readonly Form[] => [
    (make) => ['use ', of('key', key(make)), ' until friday'],
    (make) => ['export KEY="', of('key', key(make)), '"'],
  ]),
  jwt: [
    (make) => ['Authorization: Bearer ', of('jwt', jwt(make))],
    (make) => ['session=', of('jwt', jwt(make)), '; path=/'],
  ],
  'private-key': [
    (make) => ['key:\n', of('private-key', pem(make)), '\n'],
    (make) => ['{"pem":"', of('private-key', pem(make).replaceAll('\n', '\\n')), '"}'],
  ],
  'connection-string': [
    (make) => [
      `postgres://${make.pick(NAMES.slice(0, 8))}:`,
      of('connection-string', password(make)),
      '@db.example.com:5432/shop',
    ],
    (make) => ['amqp://guest:', of('connection-string', make.token(16)), '@mq/vhost is down'],
  ],
  'named-secret': [
    (make) => ['password: ', of('named-secret', password(make)), ' (temporary)'],
    (make) => ['DB_PASSWORD=', of('named-secret', password(make)), '\n'],
    (make) => ['{"password":"', of('named-secret', make.text(7, 'abcdefghijklmnopqrstuvwxyz')), '"}'],
    (make) => ['client_secret = "', of('named-secret', make.token(32)), '"'],
    (make) => ['Server=db;User Id=app;Password=', of('named-secret', password(make)), ';Encrypt=true'],
    (make) => ['api-key: ', of('named-secret', make.hash('md5'))],
    (make) => ['my password is ', of('named-secret', password(make)), ' ok'],
  ],
}

const uuid = (make: Maker): string => grouped(make.hash(), [8, 4, 4, 4, 12], '-')
const notChecked = (digits: string): string => {
  const right = checked(digits.slice(0, 15))
  return right.slice(0, 15) + String((Number(right.at(-1)) + 5) % 10)
}

/** What only looks so. */
export const NEAR_MISSES: readonly Form[] = [
  (make) => [`at ${make.int(1.6e12, 1.8e12)} ms, ${make.int(1.6e9, 1.8e9)} s`],
  (make) => [`ts=${make.int(1.6e15, 1.8e15)}`],
  (make) => [`order ${make.digits(9)} and ${make.digits(10)}`],
  (make) => [`order no. ${make.digits(12)} shipped`],
  (make) => [`invoice 10${make.digits(14)}`],
  (make) => [`id ${make.int(1, 9)}${make.digits(17)} of the message`],
  (make) => [`id ${uuid(make)}`],
  (make) => [`commit ${make.hash()}`],
  (make) => [`sha256:${make.hash('sha256')}`],
  (make) => [`ISBN 978-3-${make.digits(2)}-${make.digits(6)}-${make.int(0, 9)}`],
  (make) => [`EAN 978${make.digits(10)}`],
  (make) => [`tracking 9400${make.digits(18)} or 1Z${make.token(15)}`],
  (make) => [`IMEI 35${make.digits(13)}`],
  (make) => [`v${make.int(1, 20)}.${make.int(0, 9)}.${make.int(10_000, 22_000)}.${make.int(1, 4000)}`],
  (make) => [`from 10.${make.int(0, 255)}.${make.int(0, 255)}.${make.int(0, 255)} port ${make.int(1024, 65_535)}`],
  (make) => [
    `on 20${make.int(10, 29)}-0${make.int(1, 9)}-1${make.int(0, 9)} 1${make.int(0, 9)}:${make.int(10, 59)}:${make.int(10, 59)}.${make.digits(6)}`,
  ],
  (make) => [
    `on 1${make.int(0, 9)}.0${make.int(1, 9)}.20${make.int(10, 29)}, ${make.int(1, 12)}/${make.int(1, 28)}/20${make.int(10, 29)}`,
  ],
  (make) => [`total 1,${make.digits(3)},${make.digits(3)}.${make.digits(2)} of 12 345 678`],
  (make) => [`at 52.${make.digits(14)}, 13.${make.digits(15)}`],
  (make) => [`ticket ${make.digits(3)}-${make.digits(3)}-${make.digits(4)}`],
  (make) => [`part ${make.digits(2)}-${make.digits(3)}-${make.digits(4)}`],
  (make) => [`serial 000-${make.digits(2)}-${make.digits(4)} and 666-12-3456`],
  (make) => [`card ending ${make.digits(4)}`],
  (make) => [`the number was ${notChecked(`4${make.digits(15)}`)}`],
  (make) => [`DE${make.digits(20)} has a typo`.replace(/^DE\d\d/, 'DE00')],
  (make) => [`@${make.pick(NAMES)} see react@18.${make.int(0, 9)}.${make.int(0, 9)} and @types/node`],
  (make) => [`icon@2x.png, git@git.example.com:${make.pick(WORDS)}/repo.git`],
  (make) => [`${make.pick(NAMES)}@localhost in vim user@host`],
  () => ['password: required, token: none, secret: see below'],
  () => ['the password field must not be empty: password="" or password=null'],
  (make) => [`token = getToken(${make.int(1, 9)}); const apiKey = process.env.API_KEY`],
  () => ['PASSWORD=$DB_PASSWORD API_KEY=<your key here>'],
  (make) => [`sk-loader sk-${make.pick(WORDS)}-${make.pick(WORDS)}-container npm_config_cache`],
  () => ['-----BEGIN CERTIFICATE-----\nMIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBa\n-----END CERTIFICATE-----'],
  (make) => [`http://host:${make.int(1024, 65_535)}/a/b?x=${make.int(1, 99)} https://example.com/@${make.pick(NAMES)}`],
  (make) => [`data:image/png;base64,${make.token(80)}==`],
  (make) => [`width: ${make.int(1, 999)}px; color: #${make.hash().slice(0, 6)}`],
  (make) => [`ETA ${make.int(1, 9)} ${make.int(10, 99)} ${make.int(100, 999)} ${make.int(1000, 9999)}`],
]

const assemble = (pieces: readonly Piece[]): Labelled => {
  let text = ''
  const sensitive = pieces.flatMap((piece) => {
    const start = text.length
    text += typeof piece === 'string' ? piece : piece.value
    return typeof piece === 'string' ? [] : [{ start, end: text.length, kind: piece.kind }]
  })
  return { text, sensitive }
}

/** Between sentences, as in a note. */
const inSentences = (make: Maker, form: Form): Labelled =>
  assemble([`${sentence(make)}. `, ...form(make), `. ${sentence(make)}`])

/** So many of each kind in each of its forms, and so many of each near miss. */
export function labelledSet(each: number, seed = 1): readonly Labelled[] {
  const make = new Maker(seed)
  const forms = [...Object.values(POSITIVES).flat(), ...NEAR_MISSES]
  return forms.flatMap((form) => Array.from({ length: each }, () => inSentences(make, form)))
}

/** Notes as support staff write them: of some 300 characters, one in twelve with something sensitive in it. */
export function freeText(bytes: number, seed = 2): readonly Buffer[] {
  const make = new Maker(seed)
  const sensitive = [POSITIVES.email, POSITIVES.pan, POSITIVES.phone, POSITIVES.ssn].flat()
  const notes: Buffer[] = []
  for (let size = 0; size < bytes; ) {
    const parts = Array.from({ length: make.int(2, 6) }, () => sentence(make, make.int(6, 14)))
    if (make.random() < 0.4) parts.push(assemble(make.pick(NEAR_MISSES)(make)).text)
    if (make.random() < 1 / 12) parts.push(assemble(make.pick(sensitive)(make)).text)
    const note = Buffer.from(parts.join('. '))
    notes.push(note)
    size += note.length
  }
  return notes
}
