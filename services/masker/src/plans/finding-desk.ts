// Findings: sensitive data in what was delivered or asked, where the plan has no tag. They are told, and where they are
// sure and many enough, the plan is raised: only a signed rule that names the column takes that back.

import { type FrameHeader, isShowableName, nowMicros, type PublishedFinding, type TOPICS, uuidv7 } from '@sluice/events'
import type { PlanView } from '@sluice/mask'
import type { Logger } from '@sluice/service'
import type { ControlWriter } from '@sluice/trust'
import type { ResultColumn } from '../sanitise/result-messages.ts'
import { type SeenValue, UNNAMED } from '../sanitise/value-judge.ts'
import { FindingBook, maskedExample } from './finding-book.ts'
import type { PlanDesk } from './plan-desk.ts'
import type { PlanMetrics } from './plan-metrics.ts'

/** More that wait for the log are dropped, and counted: they will be seen again. */
const MAX_WAITING = 1_000

type FindingWriter = Pick<ControlWriter<typeof TOPICS.findings>, 'publish'>
type Place = PublishedFinding['place']

export class FindingDesk {
  readonly #desk: PlanDesk
  readonly #metrics: PlanMetrics
  readonly #logger: Logger
  readonly #book = new FindingBook()
  #writer: FindingWriter | null = null
  #waiting = 0
  #writing: Promise<void> = Promise.resolve()

  constructor(desk: PlanDesk, metrics: PlanMetrics, logger: Logger) {
    this.#desk = desk
    this.#metrics = metrics
    this.#logger = logger
  }

  /** What this masker found before. A plan that was to be raised is, though the masker stopped before it could. */
  restore(finding: PublishedFinding): void {
    this.#book.restore(finding)
    if (finding.raised) this.#raise(finding.connection, finding.place, finding.tag)
  }

  start(writer: FindingWriter): void {
    this.#writer = writer
  }

  /** Returns at once. */
  note(header: FrameHeader, view: PlanView, seen: readonly SeenValue[]): void {
    const rules = this.#desk.rules
    if (rules === null) return
    for (const { column, detection, value } of seen) {
      const place = placeOf(header, column, view, this.#desk)
      const { tag, confidence, detector } = detection
      const sighting = { connection: header.connection, place, tag, confidence }
      const worth = this.#book.see(sighting, rules.rules.raise, place.attno !== null)
      if (worth === null) continue
      const { connection, eventId, sessionId } = header
      this.#tell({
        findingId: uuidv7(),
        connection,
        time: nowMicros(),
        eventId,
        sessionId,
        place,
        tag,
        detector,
        confidence: worth.confidence,
        count: worth.count,
        example: maskedExample(value.slice(detection.start, detection.end)),
        raised: worth.raises,
        planVersion: view.plan.version,
      })
    }
  }

  /** Resolves when what was told is written. */
  async settled(): Promise<void> {
    await this.#writing
  }

  async close(): Promise<void> {
    await this.#writing
    this.#writer = null
  }

  #tell(finding: PublishedFinding): void {
    const { connection, place, tag, count, raised, findingId } = finding
    this.#metrics.findings.inc({ raised: String(raised) })
    this.#logger.warn(
      { event: 'finding', findingId, connection, kind: place.kind, tag, count, raised },
      raised
        ? 'sensitive data was found where no rule expected it, and the plan is raised'
        : 'sensitive data was found where no rule expected it',
    )
    if (raised) this.#raise(connection, place, tag)
    if (this.#waiting >= MAX_WAITING) {
      this.#metrics.failures.inc()
      return
    }
    this.#waiting += 1
    this.#writing = this.#writing.then(() => this.#write(finding))
  }

  async #write(finding: PublishedFinding): Promise<void> {
    try {
      await this.#writer?.publish(finding.connection, finding)
    } catch (error) {
      this.#metrics.failures.inc()
      this.#logger.error({ event: 'finding_not_written', err: error }, 'the log does not take a finding')
    } finally {
      this.#waiting -= 1
    }
  }

  #raise(connection: string, { relid, attno, databaseId }: Place, tag: string): void {
    const view = this.#desk.view(connection)
    if (relid === null || attno === null || view === null || view.plan.databaseId !== databaseId) return
    const relation = view.relation(relid)
    const column = view.column(relid, attno)
    if (relation === undefined || column === undefined) return
    const place = { schema: relation.schema, table: relation.name, column: column.name }
    this.#desk.raise(connection, { relid, attno, place }, tag)
  }
}

/** A column of a table, if it can be told; a view's is that of the table behind it. */
function placeOf(header: FrameHeader, column: ResultColumn | null, view: PlanView, desk: PlanDesk): Place {
  const nowhere = { databaseId: null, relid: null, attno: null }
  if (column === null) {
    const [resource = header.connection] = header.resources
    return { kind: 'literal', name: resource, ...nowhere }
  }
  const base = desk.baseColumn(header.connection, column)
  const relation = base === null ? undefined : view.relation(base.relid)
  const planned = base === null ? undefined : view.column(base.relid, base.attno)
  if (base === null || relation === undefined || planned?.verdict !== 'clean') {
    // Whoever asks may call it by a value.
    return { kind: 'output', name: isShowableName(column.name) ? column.name : UNNAMED, ...nowhere }
  }
  const name = `${relation.schema}.${relation.name}.${planned.name}`
  return { kind: 'column', name, databaseId: view.plan.databaseId, relid: base.relid, attno: base.attno }
}
