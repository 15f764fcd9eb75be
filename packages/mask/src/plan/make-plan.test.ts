import { describe, expect, it } from 'vitest'
import { CUSTOMERS, catalogOf, column, relation, SHOP, TYPE_IDS } from './catalog.fixture.ts'
import type { CatalogColumn, CatalogRelation } from './catalog.ts'
import { CLEAN_CATALOG, plan, planned, relationOf, verdictOf } from './plan.fixture.ts'
import { withFinding } from './plan-memory.ts'

const customers = (changes: Readonly<Record<string, Partial<CatalogColumn>>>, more: Partial<CatalogRelation> = {}) =>
  relation(
    CUSTOMERS,
    'customers',
    ['id:int8', 'name', 'email', 'ssn', 'notes', 'born:date'].map((spec, index) =>
      column(index + 1, spec, changes[spec.split(':')[0] ?? '']),
    ),
    more,
  )

describe('a column by itself', () => {
  const { plan: made } = plan(SHOP)

  it.each([
    ['customers.id', 'clean'],
    ['customers.name', 'clean'],
    ['customers.email', 'pii.email'],
    ['customers.ssn', 'pii.ssn'],
    ['customers.notes', 'scanned'],
    ['customers.born', 'clean'],
    ['orders.status', 'clean'],
    ['orders.comment', 'scanned'],
  ])('%s is %s', (path, verdict) => {
    expect(verdictOf(made, path)).toBe(verdict)
  })

  it.each([
    ['contactEmail', 'pii.email'],
    ['EMAIL_ADDRESS', 'pii.email'],
    ['email2', 'pii.email'],
    ['social_security_no', 'pii.ssn'],
    ['card_number', 'pci.pan'],
    ['cc_num', 'pci.pan'],
    ['iban', 'pii.iban'],
    ['phone_number', 'pii.phone'],
    ['dob', 'pii.birth'],
    ['birth_date:date', 'pii.birth'],
    ['ssn:int8', 'pii.ssn'],
    ['password_hash', 'secret.password'],
    ['api_key', 'secret.api-key'],
    ['access_token', 'secret.token'],
    ['session_token:uuid', 'secret.token'],
    ['client_secret', 'secret'],
    ['has_email:bool', 'clean'],
    ['email_count:int8', 'clean'],
    ['token_count:int8', 'clean'],
    ['country_code', 'clean'],
    ['first_name', 'clean'],
    ['reference', 'scanned'],
    ['payload:jsonb', 'scanned'],
    ['name:jsonb', 'scanned'],
    ['body:bytea', 'scanned'],
  ])('%s is %s by name and type', (spec, verdict) => {
    const [name] = spec.split(':')
    const { plan: one } = plan(catalogOf([relation(1_000_000, 't', [spec])]))
    expect(verdictOf(one, `t.${name}`)).toBe(verdict)
  })

  it('is clean where it is too short for anything, scanned where it is wider', () => {
    const wide = (name: string, width: number) => column(1, `${name}:varchar`, { typmod: width + 4 })
    expect(verdictOf(plan(catalogOf([relation(1_000_000, 't', [wide('x', 8)])])).plan, 't.x')).toBe('clean')
    expect(verdictOf(plan(catalogOf([relation(1_000_000, 't', [wide('x', 9)])])).plan, 't.x')).toBe('scanned')
    expect(verdictOf(plan(catalogOf([relation(1_000_000, 't', [wide('ssn', 4)])])).plan, 't.ssn')).toBe('pii.ssn')
  })

  it('is what its domain or its element is, and unknown where its type is', () => {
    const types = [
      { typeId: 30_000, name: 'tiny', kind: 'd', base: 1043, ioBuiltin: true, checks: 'none', relid: null },
      { typeId: 30_001, name: 'mood', kind: 'e', base: null, ioBuiltin: true, checks: 'none', relid: null },
      { typeId: 30_002, name: '_tiny', kind: 'b', base: 30_000, ioBuiltin: true, checks: 'none', relid: null },
      { typeId: 30_003, name: 'geometry', kind: 'b', base: null, ioBuiltin: false, checks: 'none', relid: null },
      { typeId: 30_004, name: 'citext', kind: 'b', base: null, ioBuiltin: false, checks: 'none', relid: null },
    ] as const
    const of = (type: number, typmod = -1) => {
      const one = relation(1_000_000, 't', [column(1, 'x', { type, typmod })])
      return verdictOf(plan(catalogOf([one], { types })).plan, 't.x')
    }
    expect([of(30_000), of(30_000, 12), of(30_001), of(30_002, 12)]).toEqual(['scanned', 'clean', 'clean', 'scanned'])
    expect([of(30_003), of(30_004), of(30_999), of(600)]).toEqual(['unknown', 'scanned', 'unknown', 'unknown'])
    expect([of(1007), of(1009), of(3904), of(1015, 8)]).toEqual(['clean', 'scanned', 'clean', 'scanned'])
  })
})

describe('rules', () => {
  it('count in their order, the first that matches', () => {
    const rules = {
      columns: [
        { match: 'shop/public.customers.name', tag: 'pii.name' },
        { match: '*/*.customers.name', verdict: 'clean' as const },
        { match: '*/*.*.id', verdict: 'scanned' as const },
      ],
    }
    const { plan: made } = plan(SHOP, rules)
    expect([verdictOf(made, 'customers.name'), verdictOf(made, 'orders.id')]).toEqual(['pii.name', 'scanned'])
    expect(planned(made, 'customers.name').why).toBe('sluice.yaml rule 1 (shop/public.customers.name)')
    expect(made.tags['pii.name']).toMatchObject({ strategy: 'redact' })
  })

  it('are for their connection only', () => {
    const rules = { columns: [{ match: 'other/*.*.ssn', verdict: 'clean' as const }] }
    expect(verdictOf(plan(SHOP, rules).plan, 'customers.ssn')).toBe('pii.ssn')
  })

  it('tag whatever the case of a name, and are exact in what they call clean', () => {
    const shouting = catalogOf([relation(1_000_000, 't', ['SSN', 'Badge'])])
    const rules = {
      columns: [
        { match: '*/*.*.badge', tag: 'pii.badge' },
        { match: '*/*.*.ssn', verdict: 'clean' as const },
      ],
    }
    const { plan: made } = plan(shouting, rules)
    expect([verdictOf(made, 't.SSN'), verdictOf(made, 't.Badge')]).toEqual(['pii.ssn', 'pii.badge'])
  })
})

describe('comments and labels', () => {
  const tagged = (comment: string, rules = {}) =>
    verdictOf(plan(catalogOf([customers({ name: { comment } })]), rules).plan, 'customers.name')

  it('add a tag', () => {
    expect(tagged('who, see sluice:pii.name.')).toBe('pii.name')
    expect(tagged('sluice:pii.name sluice:pii.vip')).toBe('pii.name+pii.vip')
    expect(tagged('sluice:"PII"')).toBe('clean')
    expect(tagged('sluice:PII.Name')).toBe('pii.name')
    expect(tagged('sluice:9')).toBe('unknown')
    const labelled = plan(catalogOf([customers({ name: { labels: ['sluice:pii.name'] } })]))
    expect(planned(labelled.plan, 'customers.name')).toMatchObject({ tags: ['pii.name'], why: 'label' })
    const table = plan(catalogOf([customers({}, { comment: 'sluice:pii.person' })]))
    expect(verdictOf(table.plan, 'customers.id')).toBe('pii.person')
  })

  it('take none away', () => {
    const said = plan(catalogOf([customers({ ssn: { comment: 'sluice:clean' }, notes: { comment: 'sluice:clean' } })]))
    expect(verdictOf(said.plan, 'customers.ssn')).toBe('pii.ssn')
    expect(verdictOf(said.plan, 'customers.notes')).toBe('scanned')
  })

  it('hold against a rule with stars, not against one that names the column', () => {
    const clean = (match: string) => ({ columns: [{ match, verdict: 'clean' as const }] })
    expect(tagged('sluice:pii.name', clean('*/*.*.*'))).toBe('pii.name')
    expect(tagged('sluice:pii.name', clean('*/public.*.name'))).toBe('pii.name')
    expect(tagged('sluice:pii.name', clean('*/*.customers.name'))).toBe('clean')
    expect(tagged('sluice:pii.name', { columns: [{ match: '*/*.customers.name', tag: 'a' }] })).toBe('a+pii.name')
  })
})

describe('tags stay', () => {
  it('when the comment is gone', () => {
    const first = plan(catalogOf([customers({ name: { comment: 'sluice:pii.name' } })]))
    const later = plan(SHOP, {}, first.memory)
    expect(verdictOf(later.plan, 'customers.name')).toBe('pii.name')
    const rule = { columns: [{ match: '*/public.customers.name', verdict: 'clean' as const }] }
    expect(verdictOf(plan(SHOP, rule, first.memory).plan, 'customers.name')).toBe('clean')
  })

  it('when the column or its table is renamed', () => {
    const rules = { columns: [{ match: '*/public.customers.notes', tag: 'pii.notes' }] }
    const first = plan(SHOP, rules)
    const renamed = catalogOf([
      relation(CUSTOMERS, 'people', ['id:int8', 'name', 'code', 'status', 'type', 'born:date']),
    ])
    const later = plan(renamed, rules, first.memory)
    expect(verdictOf(later.plan, 'people.code')).toBe('pii.email')
    expect(verdictOf(later.plan, 'people.status')).toBe('pii.ssn')
    expect(verdictOf(later.plan, 'people.type')).toBe('pii.notes')
    expect(planned(later.plan, 'people.status').why).toBe('was public.customers.ssn before')
    // And again: what it was called first still counts.
    const again = plan(catalogOf([relation(CUSTOMERS, 'p', ['id:int8', 'a', 'b', 'kind'])]), rules, later.memory)
    expect(verdictOf(again.plan, 'p.kind')).toBe('pii.ssn')
  })

  it('when the table was gone for a while, made anew, or put back in another database', () => {
    const first = plan(catalogOf([customers({ name: { comment: 'sluice:pii.name' } })]))
    const gone = plan(catalogOf([]), {}, first.memory)
    expect(verdictOf(plan(SHOP, {}, gone.memory).plan, 'customers.name')).toBe('pii.name')
    const anew = relation(50_000, 'customers', ['name'])
    expect(verdictOf(plan(catalogOf([anew]), {}, gone.memory).plan, 'customers.name')).toBe('pii.name')
    const restored = catalogOf([anew], { databaseId: 9 })
    expect(verdictOf(plan(restored, {}, first.memory).plan, 'customers.name')).toBe('pii.name')
  })

  it('when a finding said so, until a rule names the column', () => {
    const place = { schema: 'public', table: 'customers', column: 'name' }
    const memory = withFinding(plan(SHOP).memory, { relid: CUSTOMERS, attno: 2, place }, 'pii.ssn')
    const { plan: raised } = plan(SHOP, {}, memory)
    expect(planned(raised, 'customers.name')).toMatchObject({ verdict: 'tagged', tags: ['pii.ssn'], why: 'finding' })
    expect(raised.version).not.toBe(plan(SHOP).plan.version)
    const rule = (then: object) => ({ columns: [{ match: 'shop/public.customers.name', ...then }] })
    expect(verdictOf(plan(SHOP, rule({ verdict: 'clean' }), memory).plan, 'customers.name')).toBe('clean')
    expect(verdictOf(plan(SHOP, rule({ tag: 'a' }), memory).plan, 'customers.name')).toBe('a')
  })
})

describe('a foreign table', () => {
  it('is unknown unless a rule says otherwise', () => {
    const foreign = relation(20_080, 'remote', ['id:int8', 'email', 'name'], { kind: 'f' })
    const rules = { columns: [{ match: '*/*.*.id', verdict: 'clean' as const }] }
    const { plan: made } = plan(catalogOf([foreign]), rules)
    expect(['id', 'email', 'name'].map((name) => verdictOf(made, `remote.${name}`))).toEqual([
      'clean',
      'pii.email+unknown',
      'unknown',
    ])
  })
})

describe('PostgreSQL’s own relations', () => {
  it('are clean as far as the list goes', () => {
    const own = (relid: number, schema: string, kind = 'r') =>
      verdictOf(plan(catalogOf([relation(relid, 't', ['email'], { schema, kind })])).plan, 't.email')
    expect(own(CLEAN_CATALOG, 'pg_catalog')).toBe('clean')
    expect(own(1_260, 'pg_catalog')).toBe('unknown')
    expect(own(13_500, 'information_schema')).toBe('clean')
    expect(own(20_000, 'pg_catalog')).toBe('pii.email')
    expect(own(20_000, 'information_schema')).toBe('pii.email')
  })
})

describe('code of the database’s own', () => {
  const trigger = { kind: 'trigger', name: 'audit', functions: [16_400] } as const

  it('is told where a relation, its children or what refers to it runs it when it is written', () => {
    const runs = (changes: Partial<CatalogRelation>, orders: Partial<CatalogRelation> = {}, keys = {}) => {
      const other = { ...(SHOP.relations[1] as CatalogRelation), ...orders }
      return relationOf(plan(catalogOf([customers({}, changes), other], keys)).plan, 'customers').writesRunCode
    }
    expect(runs({})).toBe(false)
    expect(runs({ code: [trigger] })).toBe(true)
    expect(runs({ code: [{ ...trigger, functions: null }] })).toBe(true)
    expect(runs({ code: [{ ...trigger, functions: [1_255] }] })).toBe(false)
    expect(runs({}, { code: [trigger] })).toBe(false)
    expect(runs({}, { code: [trigger], parents: [CUSTOMERS] })).toBe(true)
    const foreignKeys = [{ name: 'f', relid: 20_002, columns: [2], references: { relid: CUSTOMERS, columns: [1] } }]
    expect(runs({}, { code: [trigger] }, { foreignKeys })).toBe(true)
  })

  it('is told where a column’s type runs it when it is read', () => {
    const type = (changes: object) => {
      const one = { typeId: 30_000, name: 'd', kind: 'd', base: 25, ioBuiltin: true, checks: 'none', relid: null }
      const types = [{ ...one, ...changes }] as never
      const made = plan(catalogOf([relation(20_000, 't', [column(1, 'x', { type: 30_000 })])], { types })).plan
      expect(made.types[0]?.known).toBe(!relationOf(made, 't').readsRunCode)
      return made.types[0]?.known
    }
    expect([type({}), type({ checks: 'plain' })]).toEqual([true, true])
    expect([type({ checks: 'code' }), type({ ioBuiltin: false }), type({ base: 30_001 })]).toEqual([
      false,
      false,
      false,
    ])
    expect(type({ kind: 'c', base: null, relid: 20_000 })).toBe(true)
    expect(type({ kind: 'c', base: null, relid: 20_099 })).toBe(false)
  })
})

describe('where a row lies', () => {
  it('tells of values where a sensitive column decides it, or an expression may', () => {
    const placed = (placedBy: readonly number[] | null, child?: readonly number[]) => {
      const below = relation(20_060, 'c', ['ssn'], { parents: [CUSTOMERS], placedBy: child ?? [] })
      return relationOf(plan(catalogOf([customers({}, { placedBy }), below])).plan, 'customers').placedByValue
    }
    expect([placed([]), placed([1]), placed([4]), placed([1, 5]), placed(null)]).toEqual([
      false,
      false,
      true,
      true,
      true,
    ])
    expect(placed([], [1])).toBe(true)
    const plain = relation(20_000, 't', ['id:int8'], { placedBy: null })
    expect(relationOf(plan(catalogOf([plain])).plan, 't').placedByValue).toBe(false)
    expect(TYPE_IDS.int8).toBe(20)
  })
})

describe('the order that indexes give', () => {
  it('tells of values where one of several columns is sensitive, or where a condition alone has it read', () => {
    const ordered = (columns: readonly number[] | null, partial = false, child = false) => {
      const indexes = [
        { columns: [1], partial: false },
        { columns, partial },
      ]
      const below = relation(20_060, 'c', ['id:int8', 'ssn'], {
        parents: [CUSTOMERS],
        indexes: child ? [{ columns: [1, 2], partial: false }] : [],
      })
      return relationOf(plan(catalogOf([customers({}, { indexes }), below])).plan, 'customers').orderedByValue
    }
    expect([ordered([4]), ordered([1, 2]), ordered([1], true)]).toEqual([undefined, undefined, undefined])
    expect([ordered([1, 4]), ordered([4, 1]), ordered([4], true), ordered(null)]).toEqual([true, true, true, true])
    expect(ordered([1], false, true)).toBe(true)
  })
})
