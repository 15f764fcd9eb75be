import { describe, expect, it } from 'vitest'
import { CUSTOMERS, catalogOf, relation } from '../plan/catalog.fixture.ts'
import { plan } from '../plan/plan.fixture.ts'
import { PlanView } from '../plan/plan-view.ts'
import type { Lineage, Touch } from './lineage.ts'
import { quietPlan } from './quiet-plan.ts'

const viewWith = (columns: readonly number[]) =>
  new PlanView(
    plan(catalogOf([relation(CUSTOMERS, 'customers', ['id:int8', 'ssn'], { indexes: [{ columns, partial: false }] })]))
      .plan,
  )

const lineage = (changes: Partial<Lineage>): Lineage => ({
  command: 'select',
  outputs: [],
  touches: [],
  sinks: [],
  sensitiveValues: [],
  relations: [CUSTOMERS],
  unplanned: [],
  harmless: false,
  unknown: [],
  ...changes,
})

const touch = (kind: Touch['kind'], values: number | null): Touch => ({
  sources: [],
  how: 'compare',
  operation: '=',
  kind,
  values,
  literals: [],
  parameters: [],
})

describe('a plan that shows no order', () => {
  const [plain, ordered] = [viewWith([2]), viewWith([1, 2])]
  const of = (changes: Partial<Lineage>, view = plain) => quietPlan(lineage(changes), view)

  it('is asked for only where there is an order to be shown', () => {
    expect([of({}), of({ touches: [touch('constants', 1)] }), of({ relations: [] }, ordered)]).toEqual([
      null,
      null,
      null,
    ])
  })

  it('reads no index in its order', () => {
    expect([of({}, ordered), of({ countsDistinct: true })]).toEqual(['scans', 'scans'])
    expect(of({ touches: [touch('constants', 2)] })).toBe('scans')
    expect(of({ touches: [touch('constants', 1), touch('constants', 1)] })).toBe('scans')
    expect(of({ touches: [touch('constants', null)] })).toBe('scans')
  })

  it('joins in no order', () => {
    expect(of({ touches: [touch('tags', 0)] })).toBe('joins')
    expect(of({ touches: [touch('constants', 2), touch('tags', 0)] }, ordered)).toBe('joins')
  })
})
