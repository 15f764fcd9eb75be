import { WITHHELD } from '@sluice/events'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countHoles, fillHoles, judgeStatementText } from './statement-text.ts'

describe('judgeStatementText', () => {
  it.each([
    'select id, name from customers where id = \0 and status = \0;',
    'SELECT "id", t.* FROM public.orders AS t JOIN c2 ON t.a<>c2.b LIMIT \0 OFFSET $1',
    'begin;commit',
    'select a::int4, b->>\0, c #> \0, array[\0], d @> $12 from "T" where e ~ \0 or f % 2e',
    '',
  ])('shows %j', (text) => {
    // A digit outside a name is a literal that was not cut: the fourth text's "2e" is one.
    expect(judgeStatementText(text).kind).toBe(text.includes('2e') ? 'unreadable' : 'shown')
  })

  it('replaces names that may hold a value', () => {
    expect(judgeStatementText('select x123456789, "alice@example.com", ünï, "a b" from t1')).toEqual({
      kind: 'altered',
      text: `select ${WITHHELD}, "${WITHHELD}", ${WITHHELD}, "${WITHHELD}" from t1`,
    })
    expect(judgeStatementText(`select ${'a'.repeat(64)}`)).toEqual({ kind: 'altered', text: `select ${WITHHELD}` })
    expect(judgeStatementText('select $12345, $1234')).toEqual({ kind: 'altered', text: `select ${WITHHELD}, $1234` })
    expect(judgeStatementText('select "a""b"')).toMatchObject({ kind: 'altered' })
  })

  it.each([
    ['select id from t where email = ada.lovelace+x@example.com', `select id from t where email = ${WITHHELD}`],
    ['where "ada"@example.co.uk and \0@host', `where "ada"${WITHHELD} and \0${WITHHELD}`],
    ['ünï@exämple.org', WITHHELD],
  ])('replaces an address that is not quoted: %s', (text, shown) => {
    expect(judgeStatementText(text)).toEqual({ kind: 'altered', text: shown })
  })

  it.each(['a @> b', 'a<@b', 'a @@ b', 'a @? b', 'select @ b', '@ \0'])('leaves operators alone: %s', (text) => {
    expect(judgeStatementText(text).kind).toBe('shown')
  })

  it.each([
    "select 'x'",
    'select 1',
    'select $tag$x$tag$',
    'a -- x',
    'a /* x */',
    'select "open',
    'select $123456789',
    'a\\b',
    'a\u0001',
  ])('shows nothing of %j, which was not cut as it should have been', (text) => {
    expect(judgeStatementText(text).kind).toBe('unreadable')
  })

  it('never lets a run of five digits through', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        fc.stringMatching(/^[0-9]{5,20}$/),
        fc.nat(),
        (text, digits, at) => {
          const cut = at % (text.length + 1)
          const judged = judgeStatementText(text.slice(0, cut) + digits + text.slice(cut))
          expect(judged.kind).not.toBe('shown')
          expect(judged.kind === 'altered' ? judged.text : '').not.toContain(digits)
        },
      ),
      { numRuns: 500 },
    )
  })

  it('reads a megabyte of anything in linear time', () => {
    for (const unit of ['"', '"a', '""\0', 'a', '(', 'é']) {
      const started = performance.now()
      judgeStatementText(unit.repeat(1_048_576 / unit.length))
      expect(performance.now() - started).toBeLessThan(5_000)
    }
  })
})

describe('fillHoles', () => {
  it('puts the fillings in order', () => {
    expect(fillHoles('a \0 b \0', ['1', "'…'"])).toBe("a 1 b '…'")
    expect(countHoles('a \0 b \0')).toBe(2)
    expect(fillHoles('none', [])).toBe('none')
  })
})
