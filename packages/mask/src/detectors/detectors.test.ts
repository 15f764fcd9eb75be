import { describe, expect, it } from 'vitest'
import type { ScanContext } from './detection.ts'
import { detectors } from './detectors.ts'

const BUILT_IN = detectors({ detectors: [] })

const found = (text: string, context?: ScanContext): readonly (readonly [tag: string, value: string])[] =>
  BUILT_IN.scan(text, context).map(({ tag, start, end }) => [tag, text.slice(start, end)])

const GITHUB = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`
const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U'
const PEM = `-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0123456789abcdefghijkl\nabc==\n-----END RSA PRIVATE KEY-----`

describe('detectors', () => {
  it.each([
    ['card 4111 1111 1111 1111 exp 12/27', 'pci.pan', '4111 1111 1111 1111'],
    ['pan:4111-1111-1111-1111', 'pci.pan', '4111-1111-1111-1111'],
    ['scan_4111_1111_1111_1111.pdf', 'pci.pan', '4111_1111_1111_1111'],
    ['paid by 5555555555554444.', 'pci.pan', '5555555555554444'],
    ['3782 822463 10005', 'pci.pan', '3782 822463 10005'],
    ['my number 123-45-6789', 'pii.ssn', '123-45-6789'],
    ['ssn: 123456789', 'pii.ssn', '123456789'],
    ['Social Security No. 123 45 6789', 'pii.ssn', '123 45 6789'],
    ['587654321 is my SSN', 'pii.ssn', '587654321'],
    ['{"customerSsn":587654321}', 'pii.ssn', '587654321'],
    ['Call me at 415-555-2671 tonight', 'pii.phone', '415-555-2671'],
    ['or +49 (0)30 1234567.', 'pii.phone', '+49 (0)30 1234567'],
    ['from (415) 555-2671', 'pii.phone', '(415) 555-2671'],
    ['to DE89 3704 0044 0532 0130 00 please', 'pii.iban', 'DE89 3704 0044 0532 0130 00'],
    ['gb82west12345698765432', 'pii.iban', 'gb82west12345698765432'],
    ['mail john.doe+x@example.co.uk, now', 'pii.email', 'john.doe+x@example.co.uk'],
    ["o'brien@example.org", 'pii.email', "o'brien@example.org"],
    ['"john doe"@example.org', 'pii.email', '"john doe"@example.org'],
    ['müller@exämple.de', 'pii.email', 'müller@exämple.de'],
    [`a@example.com4111111111111111${'x'.repeat(60)}`, 'pii.email', `a@example.com4111111111111111${'x'.repeat(60)}`],
    ['use AKIAIOSFODNN7EXAMPLE', 'secret.api-key', 'AKIAIOSFODNN7EXAMPLE'],
    [`it is ${GITHUB}!`, 'secret.api-key', GITHUB],
    [`Cookie ${JWT};`, 'secret.token', JWT],
    [`${PEM}\ntail`, 'secret.private-key', PEM],
    ['postgres://u:p@ss/w0rd@host/db?x=1', 'secret.password', 'p@ss/w0rd'],
    ['password: hunter2', 'secret.password', 'hunter2'],
    ['the password for db1 is Tr0ub4dor&3!', 'secret.password', 'Tr0ub4dor&3!'],
    ['DB_PASSWORD=Tr0ub4dor&3', 'secret.password', 'Tr0ub4dor&3'],
    ['{"password": "hunter"}', 'secret.password', 'hunter'],
    ['Authorization: Bearer abcDEF123456789xyz', 'secret.api-key', 'abcDEF123456789xyz'],
    ['api_key = "9f8a7b6c5d4e3f2a"', 'secret.api-key', '9f8a7b6c5d4e3f2a'],
  ])('finds in %j', (text, tag, value) => {
    expect(found(text)).toEqual([[tag, value]])
  })

  it.each([
    ['full width', '４１１１ 1111 1111 1111'],
    ['Arabic digits', '٤١١١١١١١١١١١١١١١'],
    ['mathematical digits', '𝟒𝟏𝟏𝟏 1111 1111 1111'],
    ['nothing visible between', '4\u200b1\u200d1\u00ad1111\u2060111111111'],
    ['spaces that do not break', '4111\u00a01111\u202f1111\u00a01111'],
    ['long dashes', '4111–1111–1111–1111'],
    ['a line break', '4111 1111\n1111 1111'],
    ['an address that is encoded for a URL', 'john%40example.com'],
    ['an entity', 'john&#64;example.com'],
    ['an escape', String.raw`john\u0040example.com`],
  ])('finds all of a value with %s', (_what, text) => {
    expect(found(`<${text}>`).map(([, value]) => value)).toEqual([text])
  })

  it('decodes JSON, and JSON within JSON', () => {
    const json = JSON.stringify({ inner: JSON.stringify({ mail: 'john@example.com' }) }).replace('@', '\\\\u0040')
    expect(JSON.parse(JSON.parse(json).inner)).toEqual({ mail: 'john@example.com' })
    expect(found(json, { syntax: 'json' })).toEqual([['pii.email', String.raw`john\\u0040example.com`]])
  })

  it.each([
    '1700000000000 ms, 1700000000000000 us',
    '550e8400-e29b-41d4-a716-446655440000',
    '2fd4e1c67a2d28fced849ee1bb76e7391b93eb12',
    'order 123456789, className 123456789',
    'ISBN 978-3-16-148410-0, v10.0.19041.1288',
    '2024-05-12 10:30:15.123456, 12.05.2024',
    '4111 1111 1111 1112',
    '000-12-3456 666-12-3456 123-00-4567 123-45-0000 555-123-45-6789',
    'DE89 3704 0044 0532 0130 01',
    'git@github.com:owner/name icon@2x.png react@18.2.0 user@localhost @mention a@b',
    'password="" or password=null. The password is wrong, the password was changed',
    'the password: required. Password: Reset. secret: the recipe is old',
    'token = getToken() and password=$PASSWORD and "password": null',
    'http://host:8080/a?b=c://d',
    '3.4111111111111111',
    'skin-care-products-for-everyone sk-ip',
    '[pii.ssn] [pii.email] [secret.password] password: [secret.password] c****@example.com ***-**-6789',
    'AKIAIOSFODNN7 ghp_short eyJust.a.word -----BEGIN CERTIFICATE-----',
  ])('finds nothing in %j', (text) => {
    expect(found(text)).toEqual([])
  })

  it('takes the column’s name as a word beside the value', () => {
    expect(found('587654321')).toEqual([])
    expect(found('587654321', { columnName: 'ssn' })).toEqual([['pii.ssn', '587654321']])
    expect(found('030 1234567', { columnName: 'phone_number' })).toEqual([['pii.phone', '030 1234567']])
  })

  it('masks the rest of a value that holds too much', () => {
    const text = 'a@b.com '.repeat(10_001)
    const detections = BUILT_IN.scan(text)
    expect([detections.length, detections.at(-1)?.end]).toEqual([10_000, text.length])
  })

  it('finds what patterns of the user’s own say, whatever else overlaps', () => {
    const own = detectors({ detectors: [{ tag: 'internal.ticket', pattern: 'TCK-[0-9]{6}' }] })
    const text = 'see TCK-123456, [internal.ticket], TCK-000001@example.com'
    expect(own.scan(text).map(({ tag, start, end }) => [tag, text.slice(start, end)])).toEqual([
      ['internal.ticket', 'TCK-123456'],
      ['pii.email', 'TCK-000001@example.com'],
    ])
    expect(() => detectors({ detectors: [{ tag: 'a', pattern: 'a+' }] })).toThrow('no upper bound')
  })
})
