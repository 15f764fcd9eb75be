import { describe, expect, it } from 'vitest'
import { checkPolicies } from './check-policies.ts'
import { file, READ_AGENTS, RULES, WRITE_APPROVED } from './policies.fixture.ts'
import { MAX_FILES, MAX_NESTING, MAX_OPERATORS, MAX_POLICIES, MAX_POLICY_CHARACTERS } from './policy-reader.ts'

const check = (text: string) => checkPolicies([file(text)], RULES)
const permit = (rest: string) => `@id("x") permit (principal, action in Action::"sql", resource) ${rest};`

describe('checkPolicies', () => {
  it('finds nothing wrong with good policies', () => {
    expect(check(`// why\n${READ_AGENTS}\n\n${WRITE_APPROVED} // the end`)).toEqual([])
    expect(check('// nothing is permitted')).toEqual([])
    expect(checkPolicies([], RULES)).toEqual([])
  })

  it.each<[string, string, string, number, number, string]>([
    ['a word that is misspelt', '\n@id("x") permit (principal, acton, resource);', 'syntax', 2, 29, 'acton'],
    ['what is no policy', `${READ_AGENTS}\nnonsense;`, 'syntax', 2, 9, 'write it as @id'],
    ['a missing semicolon', READ_AGENTS.slice(0, -1), 'syntax', 1, READ_AGENTS.length, 'a policy ends with ;'],
    ['an open string', '@id("x) permit (principal, action, resource);', 'syntax', 1, 5, 'invalid token'],
    ['a template', '@id("x") permit (principal == ?principal, action, resource);', 'syntax', 1, 1, 'templates are not'],
    ['no id', '  permit (principal, action, resource);', 'id', 1, 3, 'write @id('],
    ['an id with blanks', '@id("A b") permit (principal, action, resource);', 'id', 1, 1, 'lower-case letters'],
    ['an id twice', `${READ_AGENTS}\n${READ_AGENTS}`, 'id', 2, 1, 'is taken by the policy at a.cedar:1'],
    ['an annotation twice', '@id("x") @id("y") permit (principal, action, resource);', 'syntax', 1, 10, 'duplicate'],
    [
      'an unknown annotation',
      '@id("x")\n@aproval("data-owner") permit (principal, action, resource);',
      'annotation',
      2,
      1,
      'did you mean @approval?',
    ],
    [
      'an approval on a forbid',
      '@id("x") @approval("data-owner") forbid (principal, action, resource);',
      'annotation',
      1,
      10,
      'no approval lifts',
    ],
    [
      'an approval of connect',
      '@id("x") @approval("data-owner") permit (principal, action == Action::"connect", resource);',
      'annotation',
      1,
      10,
      'can not wait',
    ],
    [
      'an unknown rule',
      WRITE_APPROVED.replace('data-owner', 'data-owners'),
      'approval_rule_unknown',
      1,
      14,
      'did you mean "data-owner"?',
    ],
    [
      'a rule named as Object has it',
      WRITE_APPROVED.replace('data-owner', 'toString'),
      'approval_rule_unknown',
      1,
      14,
      'there is data-owner, security',
    ],
    [
      'a reason on a permit',
      '@id("x") @reason("why") permit (principal, action, resource);',
      'annotation',
      1,
      10,
      'move it to a forbid',
    ],
    [
      'another @record',
      '@id("x") @record("nothing") permit (principal, action, resource);',
      'annotation',
      1,
      10,
      '@record("metadata")',
    ],
    [
      'an annotation without a text',
      '@id("x") @notify permit (principal, action, resource);',
      'annotation',
      1,
      10,
      'one line of text',
    ],
    [
      'a reason that steers terminals',
      '@id("x") @reason("\\u{1b}[2J") forbid (principal, action, resource);',
      'annotation',
      1,
      10,
      'one line of text',
    ],
    [
      'an unknown type',
      '@id("x") permit (principal in Grup::"a", action, resource);',
      'schema',
      1,
      31,
      'did you mean `Group`?',
    ],
    [
      'an unknown action',
      '@id("x") permit (principal, action == Action::"sql:red", resource);',
      'schema',
      1,
      39,
      'did you mean `Action::"sql:read"`?',
    ],
    ['an unknown attribute', permit('\nwhen { resource.lables.isEmpty() }'), 'schema', 2, 8, 'did you mean `labels`?'],
    ['an attribute of tables', permit('when { resource.schema == "public" }'), 'schema', 1, 71, 'resource is Table &&'],
    ['an optional attribute', permit('when { context.purpose == "p" }'), 'schema', 1, 71, 'context has purpose &&'],
    [
      'an optional one of subjects',
      permit('when { principal.onBehalfOf == "p" }'),
      'schema',
      1,
      71,
      'principal has onBehalfOf &&',
    ],
    ['what the context has not', permit('when { context.foo == "p" }'), 'schema', 1, 71, 'it has time, clientAddress'],
    [
      'what the context of connect has not',
      '@id("x") permit (principal, action, resource) when { context.unfiltered };',
      'schema',
      1,
      54,
      'action in Action::"sql"',
    ],
    ['a comparison of types', permit('when { context.unfiltered == "yes" }'), 'schema', 1, 71, 'not compatible'],
    ['a date that is none', permit('when { context.time < datetime("soon") }'), 'schema', 1, 86, 'YYYY-MM-DD'],
    [
      'a policy that never applies',
      '@id("x") permit (principal in Table::"t", action, resource);',
      'impossible',
      1,
      1,
      'can never take effect',
    ],
    ['a condition that never holds', permit('when { false }'), 'impossible', 1, 1, 'can never take effect'],
  ])('names %s, with the place and the fix', (_what, text, code, line, column, words) => {
    const mistakes = check(text)
    expect(mistakes).toMatchObject([{ code, file: 'a.cedar', line, column }])
    expect(`${mistakes[0]?.message}; ${mistakes[0]?.fix}`).toContain(words)
  })

  it.each([
    ['a table without its schema', 'resource == Table::"shop/orders"', 'Table::"CONNECTION/SCHEMA.TABLE"'],
    ['a table without its connection', 'resource == Table::"public.orders"', 'Table::"CONNECTION/SCHEMA.TABLE"'],
    ['a subject without its issuer', 'principal == Subject::"alice"', 'principal.id == "alice"'],
    ['a group as approval rules write it', 'principal in Group::"group:agents"', 'write Group::"agents"'],
    ['a kind in small letters', 'context.kinds.containsAny(["DROP", "truncate"])', '"TRUNCATE"'],
    ['a table of the statement without its schema', 'context.tables.contains("orders")', '"public.orders"'],
    ['a kind of subject that is none', '"agents" == principal.kind', 'human, agent, service'],
  ])('finds in a forbid what nothing is ever equal to: %s', (_what, condition, fix) => {
    const text = `@id("x") forbid (principal, action in Action::"sql", resource) when { ${condition} };`
    const literal = [...condition.matchAll(/"[^"]*"/g)].map(([found]) => found).findLast((each) => /[a-z]/.test(each))
    const [mistake, ...others] = check(text)
    expect(others).toEqual([])
    expect(mistake).toMatchObject({ code: 'impossible', line: 1, column: text.indexOf(literal ?? '') + 1 })
    expect(mistake?.fix).toContain(fix)
  })

  it('finds a forbid on a connection that leaves the tables in it', () => {
    const forbid = (scope: string) => check(`@id("x") forbid (principal, ${scope});`)
    expect(forbid('action == Action::"sql:write", resource == Connection::"shop"')).toMatchObject([
      { code: 'impossible', fix: 'write resource in Connection::"shop"' },
    ])
    expect(forbid('action == Action::"sql:write", resource in Connection::"shop"')).toEqual([])
    expect(forbid('action == Action::"connect", resource == Connection::"shop"')).toEqual([])
    expect(forbid('action, resource == Connection::"shop"')).toEqual([])
  })

  it('finds a connection that is not there, where it is told which there are', () => {
    const on = (resource: string) => [
      file(`@id("x") forbid (principal, action in Action::"sql", resource in ${resource});`),
    ]
    for (const resource of ['Connection::"shp"', 'Table::"shp/public.orders"']) {
      expect(checkPolicies(on(resource), RULES, ['crm', 'shop'])).toMatchObject([
        { code: 'impossible', fix: 'did you mean "shop"? there is crm, shop' },
      ])
      expect(checkPolicies(on(resource.replace('shp', 'shop')), RULES, ['crm', 'shop'])).toEqual([])
      expect(checkPolicies(on(resource), RULES)).toEqual([])
    }
  })

  it('takes names as the gateway writes them', () => {
    for (const condition of [
      'resource == Table::"shop/public.orders"',
      'resource == Table::"shop/\\"a.b\\".\\"c\\""',
      'principal == Subject::"https://issuer.test|alice"',
      'principal in [Group::"agents", Group::"data-owners"]',
      'context.kinds.contains("DROP TABLE")',
      'context.kinds.contains("GRANT or REVOKE of a role")',
      'context.kinds.contains("CREATE TYPE, AGGREGATE or OPERATOR")',
      'principal.kind == "human"',
      'principal.kind like "*"',
    ]) {
      expect(check(`@id("x") forbid (principal, action in Action::"sql", resource) when { ${condition} };`)).toEqual([])
    }
  })

  it('counts characters, not bytes', () => {
    const text = '// äöü\n@id("x") permit (principal in Group::"äöü🎉", acton, resource);'
    expect(check(text)).toMatchObject([{ line: 2, column: text.split('\n')[1]?.indexOf('acton') ?? 0 }])
  })

  it('goes on after a mistake, in the order of the files', () => {
    const files = [
      file(`nonsense;\n${READ_AGENTS}`, 'b.cedar'),
      file('permit (principal, action, resource);', 'a.cedar'),
    ]
    expect(checkPolicies(files, RULES).map(({ file: name, line }) => `${name}:${line}`)).toEqual([
      'b.cedar:1',
      'a.cedar:1',
    ])
  })

  it('does not read comments and strings as policies', () => {
    expect(check(`// ${READ_AGENTS}\n// @approval("nobody")\r${READ_AGENTS}`)).toEqual([])
    expect(check(permit('when { context.kinds.contains("; \\" // permit (") }'))).toEqual([])
  })

  it('shows no control character of the file', () => {
    for (const { message, fix } of check('@id("x") permit (principal, action, resource) when { \u001b[2J\u202e };')) {
      expect(message + fix).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    }
  })

  it('is bounded before anything is parsed', () => {
    const nested = (depth: number) => permit(`when { ${'('.repeat(depth)}true${')'.repeat(depth)} }`)
    const chained = (operators: number) => permit(`when { ${'resource.demo || '.repeat(operators / 2)}true }`)
    const padded = permit(`when { context.kinds.contains("${'x'.repeat(MAX_POLICY_CHARACTERS)}") }`)
    const many = Array.from({ length: MAX_POLICIES + 1 }, (_, index) => READ_AGENTS.replace('read', `p${index}`))
    const files = Array.from({ length: MAX_FILES + 1 }, (_, index) => file('', `f${index}.cedar`))
    expect(check(nested(MAX_NESTING - 1))).toEqual([])
    expect(check(nested(MAX_NESTING))).toMatchObject([{ code: 'bounds' }])
    // "in" of the scope is an operator too.
    expect(check(chained(MAX_OPERATORS - 2))).toEqual([])
    expect(check(chained(MAX_OPERATORS))).toMatchObject([{ code: 'bounds' }])
    expect(check(permit(`when { ${'if true then '.repeat(17)}true${' else true'.repeat(17)} }`))).toMatchObject([
      { code: 'bounds' },
    ])
    expect(check(padded)).toMatchObject([{ code: 'bounds' }])
    expect(check(many.join('\n'))).toMatchObject([{ code: 'bounds' }])
    expect(checkPolicies(files, RULES)).toMatchObject([{ code: 'bounds' }])
    expect(checkPolicies([file('', '../a.cedar')], RULES)).toMatchObject([{ code: 'bounds' }])
    expect(checkPolicies([file(''), file('')], RULES)).toMatchObject([{ code: 'bounds' }])
    // Whatever was refused has not harmed the interpreter.
    expect(check(READ_AGENTS)).toEqual([])
  })
})
