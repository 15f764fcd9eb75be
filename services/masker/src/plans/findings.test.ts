import { type FrameHeader, type PublishedFinding, TOPICS } from '@sluice/events'
import { afterEach, describe, expect, it } from 'vitest'
import { maskerContents } from '../../../../test/stand/stored-records.ts'
import { headerOf } from '../sanitise/judged.fixture.ts'
import type { ResultColumn } from '../sanitise/result-messages.ts'
import type { SeenValue } from '../sanitise/value-judge.ts'
import { catalogOf, PlanWorld, type RunningPlans, verdictOf } from './plan-world.fixture.ts'

const CUSTOMERS = 20_001
const SSN = '123-45-6789'
const PLAIN = catalogOf({ name: null, note: null })

let world: PlanWorld

afterEach(() => world.stop())

const column = (changes: Partial<ResultColumn> = {}): ResultColumn => ({
  name: 'name',
  relid: CUSTOMERS,
  attno: 1,
  type: 25,
  format: 'text',
  ...changes,
})

const sawSsn = (at: ResultColumn | null = column(), confidence = 0.95): SeenValue => ({
  column: at,
  detection: { start: 6, end: 17, tag: 'pii.ssn', confidence, detector: 'ssn' },
  value: `Ann - ${SSN}`,
})

async function started(catalog = PLAIN): Promise<RunningPlans> {
  world = await PlanWorld.start()
  await world.publishCatalog(catalog)
  await world.publishRules({ raise: { minCount: 3 } })
  const running = await world.run()
  await world.planWhere(() => true)
  return running
}

function note({ service }: RunningPlans, seen: readonly SeenValue[], header: Partial<FrameHeader> = {}): void {
  const view = service.desk.view('shop')
  if (view === null) throw new Error('there is no plan')
  service.findings.note(headerOf(header), view, seen)
}

/** As consoles and others read them. */
const findings = (): Promise<readonly PublishedFinding[]> => maskerContents(world, TOPICS.findings)

describe('a finding', () => {
  it('is told at once, and raises the plan when it is sure', async () => {
    const running = await started()
    note(running, [sawSsn()])
    await running.service.findings.settled()
    expect(await findings()).toMatchObject([
      {
        connection: 'shop',
        place: { kind: 'column', name: 'public.customers.name', databaseId: 16_400, relid: CUSTOMERS, attno: 1 },
        tag: 'pii.ssn',
        confidence: 95,
        count: 1,
        example: '999-99-9999',
        raised: false,
        planVersion: running.service.desk.view('shop')?.plan.version,
      },
    ])
    const began = performance.now()
    note(running, [sawSsn(), sawSsn()])
    const raised = await world.planWhere((plan) => verdictOf(plan, 'name') === 'pii.ssn')
    expect(performance.now() - began).toBeLessThan(3_000)
    expect(raised.relations[0]?.columns[0]?.why).toBe('finding')
    await running.service.findings.settled()
    const all = await findings()
    expect(all.map((each) => [each.count, each.raised])).toEqual([
      [1, false],
      [3, true],
    ])
    expect(JSON.stringify(all)).not.toContain(SSN)
  })

  it('raises nothing where it is not sure enough', async () => {
    const running = await started()
    note(
      running,
      Array.from({ length: 9 }, () => sawSsn(column(), 0.5)),
    )
    await running.service.findings.settled()
    await running.service.desk.settled()
    expect((await findings()).map(({ raised }) => raised)).toEqual([false])
    expect(await world.plans()).toHaveLength(1)
  })

  it('holds after a restart, until a signed rule names the column', async () => {
    const first = await started()
    note(
      first,
      Array.from({ length: 3 }, () => sawSsn()),
    )
    await world.planWhere((plan) => verdictOf(plan, 'name') === 'pii.ssn')
    await first.stop()
    const { service } = await world.run()
    await service.started()
    await service.desk.settled()
    expect(service.desk.view('shop')?.column(CUSTOMERS, 1)).toMatchObject({ tags: ['pii.ssn'] })
    await world.publishRules({ columns: [{ match: '*/*.*.name', verdict: 'clean' }] })
    await service.desk.settled()
    await world.publishRules({ columns: [{ match: 'shop/public.customers.name', verdict: 'clean' }] })
    const undone = await world.planWhere((plan) => verdictOf(plan, 'name') === 'clean')
    expect(undone.relations[0]?.columns[0]?.why).toBe('sluice.yaml rule 1 (shop/public.customers.name)')
    // And stays so: it was told, and somebody decided.
    expect((await findings()).filter(({ raised }) => raised)).toHaveLength(1)
  })

  it('that was to raise the plan does so after a restart, though the masker stopped before it could', async () => {
    const { service } = await started()
    service.findings.restore({
      findingId: '',
      connection: 'shop',
      time: 0,
      eventId: '',
      sessionId: '',
      place: { kind: 'column', name: '', databaseId: 16_400, relid: CUSTOMERS, attno: 1 },
      tag: 'pii.ssn',
      detector: 'ssn',
      confidence: 95,
      count: 3,
      example: '',
      raised: true,
      planVersion: '',
    })
    const raised = await world.planWhere((plan) => verdictOf(plan, 'name') === 'pii.ssn')
    expect(raised.relations[0]?.columns[0]).toMatchObject({ name: 'name', tags: ['pii.ssn'] })
  })

  it('is about the table behind a view', async () => {
    const [customers] = PLAIN.relations
    if (customers === undefined) throw new Error('no table')
    const [name] = customers.columns
    if (name === undefined) throw new Error('no column')
    const origins = [{ relid: CUSTOMERS, attno: 1 }]
    const shown = (relid: number, changes: object) => ({
      ...customers,
      relid,
      name: `v${relid}`,
      kind: 'v',
      columns: [{ ...name, origins, bare: true, ...changes }],
    })
    const views = [
      shown(20_002, {}),
      shown(20_003, { origins: [{ relid: 20_002, attno: 1 }] }),
      shown(20_004, { bare: false }),
    ]
    const running = await started({ ...PLAIN, relations: [customers, ...views] })
    const named = column({ relid: 0, name: SSN })
    note(running, [sawSsn(column({ relid: 20_003 })), sawSsn(column({ relid: 20_004 })), sawSsn(named)])
    await running.service.findings.settled()
    expect((await findings()).map(({ place }) => [place.kind, place.name])).toEqual([
      ['column', 'public.customers.name'],
      ['output', 'name'],
      ['output', '?column?'],
    ])
  })

  it('in a literal is told with what the statement was about', async () => {
    const running = await started()
    note(
      running,
      Array.from({ length: 5 }, () => sawSsn(null)),
      { resources: ['shop/public.customers'] },
    )
    await running.service.findings.settled()
    expect(await findings()).toMatchObject([
      { place: { kind: 'literal', name: 'shop/public.customers', relid: null }, raised: false },
    ])
  })
})
