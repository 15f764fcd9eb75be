// node test/bench/detectors.ts: how fast the detectors go through free text, and what they find of a labelled set. A process
// of its own, so that no other row's objects are in its way.

import { type Detection, detectors, fieldMasker } from '@sluice/mask'
import { freeText, type Kind, labelledSet, Maker, POSITIVES, sentence } from './detectors-set.ts'

export type Found = {
  /** Parts of a hundred. */
  readonly precision: number
  readonly recall: number
}

export type DetectorFigures = {
  /** MB/s of one core. */
  readonly notes: number
  readonly plain: number
  readonly json: number
  /** Without the look at bytes before. */
  readonly every: number
  readonly found: Readonly<Record<Kind, Found>>
}

const MB = 2 ** 20
const BYTES = 8 * MB
const WARM_UP_MS = 400
const MEASURE_MS = 1_500
const EACH = 60
const TEXT_TYPE = 25
const JSONB_TYPE = 3802

const BUILT_IN = detectors({ detectors: [] })

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** Rate of `work` over all values, again and again, by the processor's time: other processes don't count. */
const rate = (values: readonly Buffer[], work: (value: Buffer) => void): number => {
  const size = values.reduce((total, { length }) => total + length, 0)
  const run = (atLeastMs: number): number => {
    const start = cpuMs()
    let [bytes, elapsed] = [0, 0]
    while (elapsed < atLeastMs) {
      values.forEach(work)
      bytes += size
      elapsed = cpuMs() - start
    }
    return bytes / MB / (elapsed / 1_000)
  }
  run(WARM_UP_MS)
  return run(MEASURE_MS)
}

let masked = 0

const maskRate = (values: readonly Buffer[], type: number): number => {
  const output = { name: 'notes', type, mask: { kind: 'scan' }, sources: [] } as const
  const masker = fieldMasker(output, 'text', null, BUILT_IN)
  if (masker === null) throw new Error('free text that is not scanned')
  const before = masked
  const result = rate(values, (value) => {
    // Counted: what nobody looks at might not be done at all.
    if (masker.mask(value, 0, value.length) !== undefined) masked++
  })
  if (masked === before && type === TEXT_TYPE) throw new Error('nothing was found: that is not what was meant')
  return result
}

/** The value itself must go: a detection of another kind that covers it masks it as well. */
const covers = (detections: readonly Detection[], start: number, end: number): boolean => {
  let at = start
  for (const detection of detections) if (detection.start <= at && detection.end > at) at = detection.end
  return at >= end
}

const kindOf = ({ detector }: Detection): Kind => (detector.startsWith('key:') ? 'key' : (detector as Kind))

const findLabelled = (): Readonly<Record<Kind, Found>> => {
  const counts = Object.fromEntries(
    Object.keys(POSITIVES).map((kind) => [kind, { there: 0, masked: 0, right: 0, wrong: 0 }]),
  ) as Record<Kind, { there: number; masked: number; right: number; wrong: number }>
  for (const { text, sensitive } of labelledSet(EACH)) {
    const detections = BUILT_IN.scan(text)
    for (const { start, end, kind } of sensitive) {
      counts[kind].there++
      if (covers(detections, start, end)) counts[kind].masked++
    }
    for (const detection of detections) {
      const isRight = sensitive.some(({ start, end }) => detection.start < end && start < detection.end)
      counts[kindOf(detection)][isRight ? 'right' : 'wrong']++
    }
  }
  return Object.fromEntries(
    Object.entries(counts).map(([kind, { there, masked: gone, right, wrong }]) => [
      kind,
      { precision: (100 * right) / (right + wrong), recall: (100 * gone) / there },
    ]),
  ) as Record<Kind, Found>
}

const measureDetectors = (): DetectorFigures => {
  const notes = freeText(BYTES)
  const make = new Maker(3)
  const plain = Array.from({ length: BYTES / 256 }, () => Buffer.from(sentence(make, 44)))
  const json = notes.map((note, index) =>
    Buffer.from(JSON.stringify({ id: index, kind: 'note', author: 'staff', body: note.toString(), tags: ['a', 'b'] })),
  )
  return {
    notes: maskRate(notes, TEXT_TYPE),
    json: maskRate(json, JSONB_TYPE),
    every: rate(notes, (value) => {
      masked += BUILT_IN.scan(value.toString()).length
    }),
    plain: rate(plain, (value) => {
      if (BUILT_IN.scanBytes(value, 0, value.length) !== null) masked++
    }),
    found: findLabelled(),
  }
}

if (import.meta.main) {
  const figures = measureDetectors()
  if (process.send === undefined) {
    console.log(figures)
  } else {
    process.once('disconnect', () => process.exit(0))
    process.send(figures)
  }
}
