import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigInvalid } from '@sluice/events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { loadConfig, parseConfig } from './load-config.ts'

const SMALLEST = `
tls: { certificate: tls/server.pem, key: tls/server.key, authority: ca.pem }
keys:
  root: keys/root.pub
  certificates: keys/certificates
  node: keys/node.pem
  console: keys/console.pem
  approver: keys/approver.pem
  approverPublic: keys/approver.pub
  approverPrivate: keys/approver.key
  maskerPublic: keys/masker.pub
  maskerPrivate: keys/masker.key
  maskerSigning: keys/masker.pem
identity:
  issuers:
    - { issuer: "https://127.0.0.1:15480", jwksUri: "https://127.0.0.1:15480/jwks", authority: ca.pem, algorithms: [ES256] }
clickhouse: { url: "http://127.0.0.1:15481", password: "file:index/password", embedded: { path: index/data }, plaintextLoopback: true }
connections:
  shop:
    protocol: postgres
    host: 127.0.0.1
    port: 15430
    database: shop
    tls: { mode: verify-full, authority: ca.pem }
    credentials: { user: sluice_gateway, password: "file:secrets/shop" }
`

const FILE = '/srv/sluice/sluice.yaml'

function refusal(text: string): ConfigInvalid {
  try {
    parseConfig(text, FILE)
  } catch (error) {
    if (error instanceof ConfigInvalid) return error
    throw error
  }
  throw new Error('it was accepted')
}

const lineOf = (text: string, part: string) => text.slice(0, text.indexOf(part)).split('\n').length

describe('a configuration', () => {
  it('has its defaults filled in and its paths made absolute', () => {
    const config = parseConfig(SMALLEST, FILE)
    expect(config.file).toBe(FILE)
    expect(config.node.id).toBe('node-1')
    expect(config.log).toEqual({ kind: 'embedded', dir: '/srv/sluice/log', journal: { maxBytes: 4_294_967_296 } })
    expect(config.tls.authority).toBe('/srv/sluice/ca.pem')
    expect(config.listeners.postgres).toEqual({ host: '127.0.0.1', port: 15_432, plaintext: false })
    expect(config.health.console).toEqual({ host: '127.0.0.1', port: 15_493 })
    expect(config.clickhouse.password).toBe('file:/srv/sluice/index/password')
    expect(config.clickhouse.embedded).toEqual({ path: '/srv/sluice/index/data' })
    expect(config.connections['shop']).toMatchObject({
      tls: { mode: 'verify-full', authority: '/srv/sluice/ca.pem' },
      credentials: { password: 'file:/srv/sluice/secrets/shop' },
      demo: false,
      masking: 'on',
    })
    expect(config.masking).toMatchObject({ planMaxAgeMs: 86_400_000, catalogMs: 30_000, columns: [], tags: {} })
    expect(config.identity).toMatchObject({
      passwordTokens: true,
      issuers: [{ type: 'at+jwt', kindClaim: 'sluice_kind' }],
    })
    expect(config.limits).toMatchObject({
      statementBytes: 1_048_576,
      handshakeMs: 10_000,
      sessions: 2_000,
      startupPacketBytes: 10_000,
    })
  })

  it('is frozen through and through', () => {
    const config = parseConfig(SMALLEST, FILE)
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen))
    expect(frozen(config)).toBe(true)
  })

  it('may be written as JSON too', () => {
    const { file: _file, ...rest } = parseConfig(SMALLEST, FILE)
    expect(parseConfig(JSON.stringify({ ...rest, health: {} }), FILE).connections).toEqual(rest.connections)
  })
})

describe('masking', () => {
  const withMasking = (section: string) => parseConfig(`${SMALLEST}masking: ${section}\n`, FILE)

  it('has its rules beside the settings of the proxies, and its key where the file says', () => {
    const { masking } = withMasking(
      '{ key: "file:masking.key", columns: [{ match: "*/*.*.ssn", tag: pii.ssn }], tags: { pii.ssn: { strategy: hash } } }',
    )
    expect(masking).toMatchObject({
      key: 'file:/srv/sluice/masking.key',
      columns: [{ match: '*/*.*.ssn', tag: 'pii.ssn' }],
      tags: { 'pii.ssn': { strategy: 'hash', touch: 'equality' } },
    })
  })

  it('can be off for a connection, and only so', () => {
    const off = (value: string) => parseConfig(`${SMALLEST}    masking: ${value}\n`, FILE).connections['shop']?.masking
    expect(off('off')).toBe('off')
    expect(() => off('false')).toThrow(/connections\.shop\.masking/)
  })

  it.each(['tokenize', 'hash'])('needs a key for %s', (strategy) => {
    expect(() => withMasking(`{ tags: { pii.ssn: { strategy: ${strategy} } } }`)).toThrow(
      /masking\.tags\.pii\.ssn\.strategy .*masking\.key/,
    )
  })

  it('names what is not a rule', () => {
    expect(() => withMasking('{ catalogMS: 5 }')).toThrow(/did you mean catalogMs/)
    expect(() => withMasking('{ columns: [{ match: ssn, tag: pii.ssn }] }')).toThrow(/masking\.columns/)
  })
})

describe('a mistake names file, line and what to write', () => {
  it.each([
    ['an unknown key', 'limits: { statementByte: 5 }\n', 'limits.statementByte', 'did you mean statementBytes?'],
    [
      'an unknown key without a likeness',
      'log: { qqqqqqqqqq: 5 }\n',
      'log.qqqqqqqqqq',
      'here there are kind, dir, journal',
    ],
    ['a wrong type', 'limits: { sessions: many }\n', 'limits.sessions', 'expected number'],
    ['a value out of range', 'listeners: { postgres: { port: 70000 } }\n', 'listeners.postgres.port', '65535'],
    ['health on every interface', 'health: { proxy: "0.0.0.0:9000" }\n', 'health.proxy', 'loopback'],
    ['a health port that is none', 'health: { proxy: "127.0.0.1:99999" }\n', 'health.proxy', '65535'],
    ['a default above its maximum', 'limits: { ticketMs: 7200000 }\n', 'limits.ticketMs', 'limits.ticketMaxMs'],
  ])('%s', (_name, added, path, hint) => {
    const text = SMALLEST + added
    const { code, message } = refusal(text)
    expect(code).toBe('config_invalid')
    expect(message).toContain(`${FILE}:${lineOf(text, added)}: ${path} `)
    expect(message).toContain(hint)
  })

  it('a missing section', () => {
    expect(refusal(SMALLEST.replace(/^keys:\n( .*\n)*/m, '')).message).toContain('keys is missing')
  })

  it('a secret in place of a reference, without repeating it', () => {
    const { message } = refusal(SMALLEST.replace('file:secrets/shop', 'hunter2secret'))
    expect(message).toContain('connections.shop.credentials.password')
    expect(message).toContain('file:PATH or env:NAME')
    expect(message).not.toContain('hunter2secret')
  })

  it('ClickHouse without encryption', () => {
    expect(refusal(SMALLEST.replace(', plaintextLoopback: true', '')).message).toContain('plaintextLoopback: true')
    expect(refusal(SMALLEST.replace('http://127.0.0.1:15481', 'http://10.0.0.5:8123')).message).toContain('https://')
  })

  it('allows plaintext on loopback addresses only, toward clients and toward databases', () => {
    const open = `${SMALLEST}listeners: { postgres: { host: 0.0.0.0, plaintext: true } }\n`
    expect(refusal(open).message).toContain('listeners.postgres.plaintext')
    const disabled = SMALLEST.replace('tls: { mode: verify-full, authority: ca.pem }', 'tls: { mode: disable }')
    expect(parseConfig(disabled, FILE).connections['shop']?.tls.mode).toBe('disable')
    expect(refusal(disabled.replace('host: 127.0.0.1', 'host: db.example.org')).message).toContain(
      'connections.shop.tls.mode',
    )
  })

  it('an issuer without encryption, or listed twice', () => {
    expect(refusal(SMALLEST.replace('issuer: "https:', 'issuer: "http:')).message).toContain('https://')
    const line = SMALLEST.split('\n').find((each) => each.includes('- {')) ?? ''
    expect(refusal(SMALLEST.replace(line, `${line}\n${line}`)).message).toContain(
      'identity.issuers.1.issuer is listed twice',
    )
  })

  it('a connection whose name is none', () => {
    expect(refusal(SMALLEST.replace('  shop:', '  "My Shop":')).message).toContain('lower-case letters')
  })

  it('text that is not YAML, a key written twice, a bomb of aliases', () => {
    expect(refusal('tls: { certificate: [\n')).toMatchObject({ code: 'config_syntax' })
    expect(refusal('node: { id: a }\nnode: { id: b }\n').message).toContain(`${FILE}:2:1: not valid YAML`)
    expect(refusal('a: &a [1,2]\nb: [*a, *a]\n')).toMatchObject({ code: 'config_syntax' })
    expect(refusal('').code).toBe('config_invalid')
    expect(refusal('- a list').code).toBe('config_invalid')
  })

  it('many mistakes are cut to the first ones', () => {
    const unknown = Array.from({ length: 30 }, (_, index) => `unknown${index}: 1`).join('\n')
    expect(refusal(`${SMALLEST}${unknown}\n`).message).toContain('and 20 more')
  })
})

describe('a configuration file', () => {
  it('is read, and paths are relative to it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'sluice-config-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    writeFileSync(join(dir, 'sluice.yaml'), SMALLEST)
    expect((await loadConfig(join(dir, 'sluice.yaml'))).log.dir).toBe(join(dir, 'log'))
    await expect(loadConfig(join(dir, 'other.yaml'))).rejects.toMatchObject({ code: 'config_unreadable' })
    await expect(loadConfig(dir)).rejects.toMatchObject({ code: 'config_unreadable' })
    writeFileSync(join(dir, 'large.yaml'), ' '.repeat(1_048_577))
    await expect(loadConfig(join(dir, 'large.yaml'))).rejects.toThrow('Is it the right file?')
  })
})
