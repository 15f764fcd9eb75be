import { describe, expect, it } from 'vitest'
import { knownFunctions } from './known-functions.ts'

const MAJORS = [13, 14, 15, 16, 17, 18]

describe('what is known of PostgreSQL', () => {
  it.each(MAJORS)(
    'lets sensitive values of %i through functions that neither fail nor search, and no others',
    (major) => {
      const known = knownFunctions(major)
      const verdict = (ids: Record<string, number>): Record<string, string | undefined> =>
        Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, known.function(id)]))
      const total = {
        reverse: 3062,
        upper: 871,
        md5: 2311,
        concat: 3058,
        textcat: 1258,
        to_jsonb: 3787,
        row_to_json: 3155,
      }
      const aggregates = { string_agg: 3538, array_agg: 2335, jsonb_agg: 3267, min: 2145, max: 2129, lag: 3106 }
      const plain = {
        repeat: 1622,
        lpad: 873,
        translate: 878,
        replace: 2087,
        'substr with a length': 877,
        format: 3539,
        int4abs: 1251,
        textlike: 850,
        texteq: 67,
        'array_agg of arrays': 4053,
        json_object_field_text: 3947,
        current_setting: 2077,
        pg_get_viewdef: 1641,
        now: 1299,
        random: 1598,
        nextval: 1574,
        set_config: 2078,
      }
      const off = {
        pg_sleep: 2626,
        setval: 1576,
        currval: 1575,
        setseed: 1599,
        pg_notify: 3036,
        pg_advisory_lock: 2880,
        query_to_xml: 2925,
        table_to_xml: 2923,
        ts_stat: 3689,
        'ts_rewrite of a query': 3685,
        lo_import: 764,
        pg_read_file: 2624,
        pg_stat_get_activity: 2022,
        pg_lock_status: 1371,
        pg_terminate_backend: 2096,
        pg_cancel_backend: 2171,
        txid_current: 2943,
        pg_show_all_file_settings: 3329,
        record_in: 2290,
        'of a user': 16384,
        nothing: 0,
      }
      const all = (ids: Record<string, number>, is: string | undefined): Record<string, string | undefined> =>
        Object.fromEntries(Object.keys(ids).map((name) => [name, is]))
      expect(verdict({ ...total, ...aggregates })).toEqual(all({ ...total, ...aggregates }, 'total'))
      expect(verdict(plain)).toEqual(all(plain, 'plain'))
      expect(verdict(off)).toEqual(all(off, undefined))
    },
  )

  it('tells which arguments say how much: taking that much takes time', () => {
    const known = knownFunctions(14)
    // left, right, substr, jsonb -> integer, lag; then md5, concat, int8 of an integer, repeat.
    for (const id of [3060, 3061, 883, 3215, 3107]) {
      expect([0, 1, 2].map((index) => known.isSizeArgument(id, index))).toEqual([false, true, false])
    }
    expect([2311, 3058, 481, 1622].some((id) => known.isSizeArgument(id, 0) || known.isSizeArgument(id, 1))).toBe(false)
  })

  it('names functions for people, off the list or not', () => {
    const known = knownFunctions(18)
    expect([3062, 2626, 67, 16384].map((id) => known.nameOf(id))).toEqual(['reverse', 'pg_sleep', 'texteq', undefined])
  })

  it('knows operators, what they call, and which are the equality of a value', () => {
    const known = knownFunctions(15)
    expect([98, 654, 664, 16384].map((id) => [known.operatorName(id), known.operatorFunction(id)])).toEqual([
      ['=', 67],
      ['||', 1258],
      ['<', 740],
      [undefined, undefined],
    ])
    // text, int4, numeric, uuid, timestamptz, jsonb, bpchar; then <>, <, LIKE, ~, and rows.
    expect([98, 96, 1752, 2972, 1320, 3240, 1054].every((id) => known.isEquality(id))).toBe(true)
    expect([531, 664, 1209, 641, 2988, 3188, 0, 16384].some((id) => known.isEquality(id))).toBe(false)
  })

  it('tells counting from other aggregates', () => {
    const known = knownFunctions(13)
    expect([2147, 2803, 2108, 2145].map((id) => known.isCount(id))).toEqual([true, true, false, false])
  })

  it('knows the types of PostgreSQL by their input and output', () => {
    const known = knownFunctions(16)
    // text, int4, jsonb, timestamptz, text[], regclass, record, void; the row types of pg_class and pg_attribute.
    expect([25, 23, 3802, 1184, 1009, 2205, 2249, 2278, 83, 75].every((id) => known.isType(id))).toBe(true)
    // cstring, internal, trigger, a user's own.
    expect([2275, 2281, 2279, 16384, 0].some((id) => known.isType(id))).toBe(false)
    // int4, uuid, jsonb to text, varchar, bpchar; text to int4, to json, to regclass; regclass and record to text.
    expect([23, 2950, 3802].every((from) => [25, 1043, 1042].every((to) => known.isTotalCoercion(from, to)))).toBe(true)
    expect([23, 114, 2205].some((to) => known.isTotalCoercion(25, to))).toBe(false)
    expect([2205, 2249, 16384, 83].some((from) => known.isTotalCoercion(from, 25))).toBe(false)
  })

  it('lets nobody read what catalogs keep of values and secrets', () => {
    const known = knownFunctions(17)
    expect([1259, 1249, 1247, 2615, 2610, 2606, 2609, 1262].map((relid) => known.catalogRelation(relid))).toEqual(
      Array(8).fill('clean'),
    )
    // pg_statistic, pg_statistic_ext_data, pg_largeobject, pg_user_mapping; the view pg_roles; a user's table.
    for (const relid of [2619, 3429, 2613, 1418, 12000, 16384, 0]) {
      expect([known.catalogRelation(relid), known.catalogColumn(relid, 1)]).toEqual([undefined, undefined])
    }
    const authid = 1260
    expect(known.catalogRelation(authid)).toBe('columns')
    // oid, rolname, ctid; then rolpassword and the whole row.
    expect([1, 2, -1, 11, 0].map((attno) => known.catalogColumn(authid, attno))).toEqual([
      'clean',
      'clean',
      'clean',
      undefined,
      undefined,
    ])
    expect(known.catalogColumn(1249, 0)).toBe('clean')
  })

  it('knows deterministic collations with fixed ids', () => {
    const known = knownFunctions(18)
    expect([0, 100, 950, 951, 811, 12_345, 16_384].map((id) => known.isDeterministicCollation(id))).toEqual([
      ...Array(5).fill(true),
      false,
      false,
    ])
    expect(knownFunctions(13).isDeterministicCollation(811)).toBe(false)
  })

  it('knows nothing of a version that nobody reviewed', () => {
    for (const known of [knownFunctions(12), knownFunctions(19), knownFunctions(Number.NaN)]) {
      expect([known.function(3062), known.operatorFunction(98), known.catalogRelation(1259)]).toEqual([
        undefined,
        undefined,
        undefined,
      ])
      expect(known.isType(25) || known.isEquality(98) || known.isCount(2803)).toBe(false)
    }
  })

  it('takes reviewed objects of information_schema only, and only with ids that initdb gives', () => {
    const expand = '_pg_expandarray(anyarray)'
    const known = knownFunctions(18, [
      { kind: 'function', id: 13_145, name: expand },
      { kind: 'function', id: 13_146, name: '_pg_other(oid)' },
      { kind: 'function', id: 20_000, name: expand },
      { kind: 'function', id: 2626, name: expand },
      { kind: 'type', id: 13_160, name: 'yes_or_no' },
      { kind: 'type', id: 13_161, name: 'other' },
    ])
    expect([13_145, 13_146, 20_000, 2626].map((id) => known.function(id))).toEqual([
      'plain',
      undefined,
      undefined,
      undefined,
    ])
    expect([13_160, 13_161].map((id) => known.isType(id))).toEqual([true, false])
    expect(knownFunctions(18).function(13_145)).toBeUndefined()
  })
})
