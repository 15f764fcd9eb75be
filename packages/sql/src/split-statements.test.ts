import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { analyzeStatement, loadParser } from './analyze.ts'
import { type Analysis, NEWEST_SERVER_MAJOR, type StatementPart } from './facts.ts'

beforeAll(loadParser)

/** As in a masked session: only there texts are split. */
function analyze(text: string): Analysis {
  return analyzeStatement(text, { serverMajor: NEWEST_SERVER_MAJOR, lineage: true })
}

function split(text: string): readonly StatementPart[] {
  const analysis = analyze(text)
  if (analysis.kind !== 'parsed') throw new Error(`${JSON.stringify(analysis)}: ${text}`)
  return analysis.parts
}

function parts(text: string): readonly string[] {
  return split(text).map((part) => part.text)
}

describe('a text of several statements', () => {
  it.each<[string, readonly string[]]>([
    ['', []],
    [' ; -- nothing', []],
    [' select 1 ; ', [' select 1 ; ']],
    ['select 1; select 2', ['select 1;', ' select 2']],
    ['select 1;; /* two */ select 2; -- end', ['select 1;', '; /* two */ select 2; -- end']],
    ['select \';\'; select $a$;$a$; select ";" from t', ["select ';';", ' select $a$;$a$;', ' select ";" from t']],
    ['select 1 /* ; */; -- ;\nselect 2', ['select 1 /* ; */;', ' -- ;\nselect 2']],
    [
      "create function f() returns int begin atomic select 1; select 2; end; select 'é', '🙂'; select 3",
      ['create function f() returns int begin atomic select 1; select 2; end;', " select 'é', '🙂';", ' select 3'],
    ],
    [
      'create rule r as on update to v do also (delete from a; delete from b); commit',
      ['create rule r as on update to v do also (delete from a; delete from b);', ' commit'],
    ],
  ])('%s', (text, expected) => {
    expect(parts(text)).toEqual(expected)
  })

  it('tells where each begins, as the server counts and in bytes', () => {
    expect(split("select 'é🙂'; select 2")).toEqual([
      { text: "select 'é🙂';", characters: 0, bytes: 0 },
      { text: ' select 2', characters: 12, bytes: 16 },
    ])
  })

  it('answers what can not be read, or is too much, with a reason', () => {
    expect(analyze('select 1; selec 2')).toMatchObject({ kind: 'unparsable' })
    expect(analyze("select 1; select 'x")).toMatchObject({ kind: 'unparsable' })
    expect(analyze('select 1;'.repeat(65))).toEqual({ kind: 'too_large', limit: 'statements' })
    expect(analyze(`select '${'x'.repeat(16_384)}'`)).toEqual({ kind: 'too_large', limit: 'bytes' })
  })

  it('has facts for each', () => {
    expect(analyze('begin; select 1; drop table t')).toMatchObject({
      kind: 'parsed',
      statements: [{ kind: 'transaction' }, { kind: 'command' }, { kind: 'command', verbs: ['DROP TABLE'] }],
      parts: [{ text: 'begin;' }, { text: ' select 1;' }, { text: ' drop table t' }],
    })
  })

  const statement = fc.constantFrom(
    'select 1',
    'select \'a;b\', "c;d" from t',
    "select E'\\';' || $q$;$q$",
    "insert into é values ('🙂;')",
    'update t set a = b',
    'begin',
    '(select 1) union select 2',
    'create rule r as on insert to t do (delete from a; delete from b)',
  )
  const gap = fc.constantFrom(';', ' ; ', ';;', '; -- ;\n', ' /* ; /* é */ */ ;\n', ';\t/* 🙂 */')
  it('loses nothing, and cuts into texts of one statement each', () => {
    const texts = fc.array(fc.tuple(statement, gap), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(texts, fc.boolean(), (pieces, ended) => {
        const text = pieces
          .map(([one, between], at) => (at === pieces.length - 1 && !ended ? one : one + between))
          .join('')
        const cut = parts(text)
        expect(cut.join('')).toBe(text)
        expect(cut.length).toBe(pieces.length)
        for (const part of cut) expect(parts(part)).toEqual([part])
      }),
    )
  })
})
