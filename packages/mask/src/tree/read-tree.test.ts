import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { broken, comparable, printTree } from './fixtures/print-tree.ts'
import trees from './fixtures/trees.json' with { type: 'json' }
import type { TreeNode } from './node.ts'
import { readStoredTree, readTree } from './read-tree.ts'

/** What 18 prints of a query that has no table. */
const QUERY =
  `{QUERY :commandType 1 :querySource 0 :canSetTag true :utilityStmt UTILITY :resultRelation 0 :hasAggs false :hasWindowFuncs false
:hasTargetSRFs false :hasSubLinks false :hasDistinctOn false :hasRecursive false :hasModifyingCTE false :hasForUpdate false
:hasRowSecurity false :hasGroupRTE false :isReturn false :cteList <> :rtable <> :rteperminfos <> :jointree {FROMEXPR :fromlist <>
:quals <>} :mergeActionList <> :mergeTargetRelation 0 :mergeJoinCondition <> :targetList TARGETS :override 0 :onConflict <>
:returningOldAlias <> :returningNewAlias <> :returningList <> :groupClause <> :groupDistinct false :groupingSets <> :havingQual <>
:windowClause <> :distinctClause <> :sortClause <> :limitOffset <> :limitCount <> :limitOption 0 :rowMarks <> :setOperations <>
:constraintDeps <> :withCheckOptions <> :stmt_location 0 :stmt_len 0}`.replaceAll('\n', ' ')
const query = (targets: string, utility = '<>'): string =>
  QUERY.replace('UTILITY', () => utility).replace('TARGETS', () => targets)
const ONE =
  '{CONST :consttype 23 :consttypmod -1 :constcollid 0 :constlen 4 :constbyval true :constisnull false :location 7 :constvalue 4 [ 1 0 0 0 0 0 0 0 ]}'
const target = (expression: string, name = 'x'): string =>
  `{TARGETENTRY :expr ${expression} :resno 1 :resname ${name} :ressortgroupref 0 :resorigtbl 0 :resorigcol 0 :resjunk false}`
const dumpOf = (targets: string, utility?: string): string => broken(`(${query(targets, utility)})`)
/** The names of the outputs, or what could not be read. */
const targetNames = (dump: string): readonly unknown[] | string => {
  const result = readTree(dump, 18)
  if (result.kind === 'unreadable') return result.what.replace(/ \(at .*/, '')
  const targets = result.queries[0]?.['targetList']
  return Array.isArray(targets) ? targets.map((each: TreeNode) => each['resname']) : 'no targets'
}
const targetName = (dump: string): unknown => {
  const names = targetNames(dump)
  return typeof names === 'string' ? names : names[0]
}
const what = (dump: string, major = 18): string => {
  const result = readTree(dump, major)
  return result.kind === 'unreadable' ? result.what.replace(/ \(at .*/, '') : 'read'
}

describe('a rewritten tree', () => {
  it('is read with the names of the newest version, without the bytes of constants', () => {
    const result = readTree(dumpOf(`(${target(ONE)})`), 18)
    expect(result).toMatchObject({
      kind: 'queries',
      queries: [
        {
          node: 'QUERY',
          commandType: 1,
          rtable: null,
          jointree: { node: 'FROMEXPR', quals: null },
          targetList: [{ node: 'TARGETENTRY', resno: 1, resname: 'x', expr: { node: 'CONST', constvalue: null } }],
        },
      ],
    })
    const entries = trees.map(({ major, tree }) => {
      const read = readTree(tree, major)
      if (read.kind === 'unreadable') return read.what
      return (read.queries[0]?.['rtable'] as readonly TreeNode[] | null)?.[0]?.node
    })
    expect(entries).toEqual(Array.from(trees, () => 'RANGETBLENTRY'))
    expect(readTree('<>\n', 18)).toEqual({ kind: 'queries', queries: [] })
  })

  it.each(trees)('of PostgreSQL $major is read whole: $sql', ({ major, tree }) => {
    const result = readTree(tree, major)
    expect(result.kind === 'queries' ? printTree(result.queries, major) : result.what).toBe(comparable(tree))
  })

  it.each([
    ['an unknown node', target('{MAGIC :location 7}'), 'node MAGIC'],
    ['a node of another version', target('{CASE :location 7}'), 'node CASE'],
    ['an unknown field', target(ONE.replace(':location', ':place')), 'CONST without location'],
    ['a further field', target(ONE.replace(']}', '] :more 1}')), 'a further field of CONST'],
    ['a missing field', target(ONE.replace(' :location 7', '')), 'CONST without location'],
    [
      'fields in another order',
      target(ONE).replace(':resno 1 :resname x', ':resname x :resno 1'),
      'TARGETENTRY without resno',
    ],
    ['a field that begins like another', target(ONE).replace(':resno', ':resnoted'), 'something other than a space'],
    ['two spaces', target(ONE).replace(':resno 1', ':resno  1'), 'something other than a number'],
    ['a word where a number belongs', target(ONE).replace(':resno 1', ':resno x'), 'something other than a number'],
    ['a number with a letter', target(ONE).replace(':resno 1', ':resno 1x'), 'something other than a space'],
    ['a list where a node belongs', target(`(${ONE})`), 'an unexpected value'],
    ['too few bytes', target(ONE.replace('4 [ 1 ', '12 [ ')), 'a constant of another length'],
    ['a tab', target(ONE, 'a\tb'), 'something other than a space'],
  ])('with %s is refused', (_name, text, problem) => {
    expect(what(dumpOf(`(${text})`))).toBe(problem)
  })

  it('is refused as a whole for what stands around it', () => {
    const dump = dumpOf(`(${target(ONE)})`)
    expect(what(dump)).toBe('read')
    expect(what(`${dump}\n`)).toBe('text behind the tree')
    expect(what(`${dump.slice(0, -1)} \n`)).toBe('text behind the tree')
    expect(what(` ${dump}`)).toBe('an unexpected value')
    expect(what(broken(`(${ONE})`))).toBe('something other than a query')
    expect(what(dump, 17)).toBe('QUERY without isReturn')
    expect(what(dump, 19)).toBe('trees of PostgreSQL 19')
    expect(what(dump, 12)).toBe('trees of PostgreSQL 12')
    expect(what('x'.repeat(8 * 1024 * 1024 + 1))).toBe('a tree of more than 8 MiB')
  })

  it('has a bounded depth', () => {
    const nested = (depth: number): string =>
      `${'{COLLATEEXPR :arg '.repeat(depth)}${ONE}${' :collOid 100 :location 7}'.repeat(depth)}`
    // The list, the query, its targets, the target and the constant are five.
    expect(what(dumpOf(`(${target(nested(995))})`))).toBe('read')
    expect(what(dumpOf(`(${target(nested(996))})`))).toBe('a tree deeper than 1000')
    expect(what('('.repeat(5_000_000))).toBe('a tree deeper than 1000')
    const deepDump = dumpOf(`(${target(nested(990))})`)
    const kindsFrom = (depth: number): readonly string[] => [what(deepDump), ...(depth > 0 ? kindsFrom(depth - 1) : [])]
    expect(kindsFrom(1)).toEqual(['read', 'read'])
    // Called near the end of the stack it refuses, too, and does not throw.
    const refusals = new Set<string>()
    const deeper = (depth: number): void => {
      if (depth % 100 === 0) refusals.add(what(deepDump))
      deeper(depth + 1)
    }
    expect(() => deeper(1)).toThrow(RangeError)
    expect(refusals).toContain('a tree too deep for the stack')
    expect(what('({'.repeat(5_000))).toBe('node ')
  })

  it('of a utility statement is not read inside', () => {
    const utility = '{MYSTERYSTMT :name a\\)b :query {WHATEVER ((x) {Y}} :z <>}'.replace('((', '(')
    for (const text of ['?', '<>', utility]) expect(what(dumpOf('<>', text))).toBe('read')
    expect(what(dumpOf('<>', '{MYSTERYSTMT ((('))).toBe('a utility statement without end')
    expect(what(dumpOf('<>', 'MYSTERYSTMT'))).toBe('a utility statement')
    expect(what(dumpOf('<>', `{A :text "${'\\ '.repeat(30)}${'x'.repeat(70)}"}`))).toBe('read')
    expect(what(dumpOf('<>', `{A :text "${'x'.repeat(170)}"}`))).toBe('a token that may have been cut')
  })
})

describe('a tree that a catalog keeps', () => {
  it('is one line, a list or a single node, and read whole', () => {
    for (const { major, tree } of trees) {
      const line = tree.slice(0, -1).replaceAll('\n', ' ')
      const read = readTree(tree, major)
      expect(readStoredTree(line, major)).toEqual(read.kind === 'queries' ? read.queries : read.what)
      for (const other of [tree, `${line} `, ` ${line}`, line.slice(0, -1), `${line})`, line.replace(' ', '\n')]) {
        expect(readStoredTree(other, major)).toBe(null)
      }
    }
    expect(readStoredTree(ONE, 18)).toMatchObject([{ node: 'CONST', consttype: 23 }])
    expect(readStoredTree(`(${ONE} ${ONE})`, 18)).toHaveLength(2)
    expect(readStoredTree(ONE, 12)).toBe(null)
    expect(readStoredTree(`{COLLATEEXPR :arg ${ONE}`.repeat(2000), 18)).toBe(null)
  })
})

describe('names in a tree', () => {
  const escaped = (name: string): string => name.replaceAll(/[ \n\t(){}\\]/g, '\\$&')

  it('are taken as they were', () => {
    for (const name of ['a b', 'c(d)', 'e\\f', '{x}', 'ü€😀', 'a"b', ':resno', "o'x"]) {
      expect(targetName(dumpOf(`(${target(ONE, escaped(name))})`))).toBe(name)
    }
    expect(targetName(dumpOf(`(${target(ONE, '\\<>')})`))).toBe('<>')
    expect(targetName(dumpOf(`(${target(ONE, '""')})`))).toBe('')
    expect(targetName(dumpOf(`(${target(ONE, '<>')})`))).toBe(null)
  })

  it('may have a line end at a space of theirs, wherever it falls', () => {
    const name = 'many short words that fill more than a line and say nothing'
    for (let pad = 1; pad < 80; pad += 1) {
      const padding = target(ONE, 'p'.repeat(pad > 40 ? pad - 40 : pad))
      const dump = dumpOf(`(${target(ONE, escaped(name))} ${padding} ${target(ONE, escaped(name))})`)
      expect(targetName(dump)).toBe(name)
    }
  })

  it('are refused where a line may have been cut inside of them', () => {
    expect(targetName(dumpOf(`(${target(ONE, 'x'.repeat(77))})`))).toBe('x'.repeat(77))
    for (const length of [78, 79, 200]) {
      expect(targetName(dumpOf(`(${target(ONE, 'x'.repeat(length))})`))).toBe('a token that may have been cut')
    }
    // The second byte of `\(` would be a bracket of its own.
    expect(targetName(dumpOf(`(${target(ONE, `${'x'.repeat(77)}\\(y`)})`))).toBe('a newline within a word')
  })

  it('never become another name by the lines that they are broken into', () => {
    const letters = fc.constantFrom(' ', ' ', '\n', '"', '(', '}', '\\', ':', 'x', 'yy', 'z'.repeat(9), 'w'.repeat(70))
    fc.assert(
      fc.property(fc.array(letters, { minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 90 }), (parts, pad) => {
        const name = `n${parts.join('')}`
        const before = target(ONE, 'p'.repeat(pad))
        const dump = dumpOf(`(${target(ONE, escaped(name))} ${before} ${target(ONE, escaped(name))} ${before})`)
        const names = targetNames(dump)
        const refused = names === 'a newline within a word' || names === 'a token that may have been cut'
        expect(refused ? 'refused' : names).toEqual(
          refused ? 'refused' : [name, 'p'.repeat(pad), name, 'p'.repeat(pad)],
        )
      }),
      { numRuns: 3000 },
    )
  })
})

describe('a damaged tree', () => {
  it('is unreadable when it is cut anywhere', () => {
    for (const { major, tree } of trees) {
      const read = Array.from(tree, (_char, length) => readTree(tree.slice(0, length), major).kind)
      expect(new Set(read)).toEqual(new Set(['unreadable']))
    }
  })

  it('is read as what stands there or not at all when a byte is another', () => {
    const others = [' ', '\n', '(', ')', '{', '}', '\\', '"', '<', ':', '0', 'x', '\0']
    // How a word is marked may differ from what a server would print, what is in it may not.
    const unmarked = (text: string): string => text.replaceAll('\\', '').replaceAll('\n', ' ')
    for (const { major, tree } of trees) {
      const damages = Array.from(
        tree,
        (_char, at) => `${tree.slice(0, at)}${others[at % others.length]}${tree.slice(at + 1)}`,
      )
      const wrong = damages.filter((damaged) => {
        const result = readTree(damaged, major)
        return result.kind === 'queries' && unmarked(printTree(result.queries, major)) !== unmarked(comparable(damaged))
      })
      expect(wrong).toEqual([])
    }
  })
})
