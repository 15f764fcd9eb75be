import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { findPostgres, type PostgresMajor } from '@sluice/demo'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeReport } from '../wire/decode.ts'
import { cString, message } from '../wire/encode.ts'
import { SERVER } from '../wire/message-types.ts'
import { rebuiltReport } from './rebuilt-report.ts'
import texts from './sqlstate-texts.json' with { type: 'json' }

const MAJORS: readonly PostgresMajor[] = [13, 14, 15, 16, 17, 18]
const VALUE = 'a-value-of-somebody'

const report = (fields: Readonly<Record<string, string>>, type: number = SERVER.error): Buffer =>
  message(
    type,
    ...Object.entries(fields).flatMap(([name, text]) => [Buffer.from(name), cString(text)]),
    Buffer.from([0]),
  )

const rebuilt = (fields: Readonly<Record<string, string>>, type?: number): Readonly<Record<string, string>> =>
  Object.fromEntries(decodeReport(rebuiltReport(report(fields, type))))

describe('rebuiltReport', () => {
  it('keeps severity, SQLSTATE and position, with a text of its own', () => {
    const said = {
      S: 'FEHLER',
      V: 'ERROR',
      C: '22012',
      M: 'Division durch Null',
      P: '17',
      F: 'int.c',
      L: '1',
      R: 'int4div',
    }
    expect(rebuilt(said)).toEqual({
      S: 'ERROR',
      V: 'ERROR',
      C: '22012',
      M: 'division by zero',
      D: expect.stringContaining('withheld'),
      P: '17',
    })
  })

  it('says nothing of what any field says', () => {
    const letters = fc.constantFrom(...'SVCMDHPpqWstcdnFLRXYZ'.split(''))
    const quoting = fc.constantFrom(VALUE, `Key (email)=(${VALUE}) already exists.`, `1${VALUE}`, `${VALUE}\n5`)
    fc.assert(
      fc.property(fc.dictionary(letters, quoting), fc.constantFrom(SERVER.error, SERVER.notice), (fields, type) => {
        const bytes = rebuiltReport(report(fields, type))
        expect(bytes.includes(VALUE)).toBe(false)
        expect(bytes[0]).toBe(type)
        expect(bytes.readUInt32BE(1)).toBe(bytes.length - 1)
      }),
    )
  })

  it.each(['12345', 'SLUIC', '22O12', '__proto__', ''])('knows no SQLSTATE %s', (code) => {
    expect(rebuilt({ V: 'ERROR', C: code, M: VALUE })).toMatchObject({ C: 'XX000', M: texts.XX000 })
  })

  it.each(['0', '-1', '12345678901', '819221111x', ' 5'])('takes %s for no position', (position) => {
    expect(rebuilt({ V: 'ERROR', C: '42601', P: position })).not.toHaveProperty('P')
  })

  it.each([
    ['E', 'FATAL', 'FATAL'],
    ['E', 'PANIC', 'PANIC'],
    ['E', 'NOTICE', 'ERROR'],
    ['N', 'WARNING', 'WARNING'],
    ['N', 'INFO', 'INFO'],
    ['N', 'LOG', 'NOTICE'],
    ['N', 'ERROR', 'NOTICE'],
  ])('%s with severity %s becomes %s', (type, said, severity) => {
    expect(rebuilt({ V: said, C: '22012' }, type.charCodeAt(0))).toMatchObject({ S: severity, V: severity })
  })

  it('stays a report where what came is none', () => {
    expect(decodeReport(rebuiltReport(Buffer.from('E\0\0\0\x08Vxyz'))).get('C')).toBe('XX000')
  })
})

describe('texts', () => {
  it.each(MAJORS)('there is one for each SQLSTATE of PostgreSQL %i', (major) => {
    const list = readFileSync(join(findPostgres(major).dir, 'share', 'postgresql', 'errcodes.txt'), 'utf8')
    const codes = [...list.matchAll(/^([0-9A-Z]{5})\s+[EWS]\s/gm)].map(([, code = '']) => code)
    expect(codes.length).toBeGreaterThan(200)
    expect(codes.filter((code) => !Object.hasOwn(texts, code))).toEqual([])
  })

  it('are short, and in their order', () => {
    expect(Object.values(texts).filter((text) => text.length > 100 || /[^ -~]/.test(text))).toEqual([])
    const codes = [...readFileSync(new URL('sqlstate-texts.json', import.meta.url), 'utf8').matchAll(/"(\w{5})":/g)]
    const written = codes.map(([, code = '']) => code)
    expect(written).toEqual(written.toSorted())
  })
})
