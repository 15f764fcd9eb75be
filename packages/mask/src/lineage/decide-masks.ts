// What happens to a statement whose lineage is known: which outputs are masked and how, or why it is refused.

import { type Strategy, type Tag, type TouchRule, UNKNOWN_TAG } from '../plan/plan.ts'
import type { PlanView } from '../plan/plan-view.ts'
import type { Lineage, LineageObjection, Output, Sink, Source, Touch } from './lineage.ts'
import type { BudgetUse, MaskDecision, MaskedOutput, OutputMask, Reveals } from './mask-decision.ts'
import { equalityOnly, notAtAll, peopleName, tooManyValues, unknownArray } from './refusals.ts'

type Refusal = Extract<MaskDecision, { kind: 'refused' }>

/** Free text has the rule of what could not be traced, besides those of tags that a finding named in it. */
const tagsOf = ({ verdict, tags }: Source): readonly Tag[] =>
  verdict === 'scanned' || tags.length === 0 ? [...tags, UNKNOWN_TAG] : tags

/** Sources whose every tag the subject may see count as clean. */
const hiddenOf = (sources: readonly Source[], reveals: Reveals): readonly Source[] =>
  sources.filter((source) => tagsOf(source).some((tag) => !reveals.has(tag)))

const uniqueTags = (sources: readonly Source[], reveals: Reveals): readonly Tag[] => [
  ...new Set(sources.flatMap(tagsOf).filter((tag) => !reveals.has(tag))),
]

/** A value that is shown in part can be guessed where it may be compared as well. */
function touchRule(tag: Tag, view: PlanView): TouchRule {
  const { strategy, touch } = view.rule(tag)
  return strategy === 'partial' ? 'deny' : touch
}

const refusedForUnknown = (lineage: Lineage, { what, hint }: LineageObjection): Refusal => {
  // Worth asking again when the plan is fresh: nothing else may be wrong with it.
  const stale = lineage.unplanned.length > 0
  const next = stale ? 'Try again in a few seconds.' : 'Leave it out, or ask for a grant.'
  return {
    kind: 'refused',
    code: stale ? 'plan_stale' : 'lineage_unknown',
    what: `${what} cannot be followed while values are masked`,
    hint: hint ?? next,
  }
}

const refusedForSink = ({ targetName, sources }: Sink): Refusal => ({
  kind: 'refused',
  code: 'tag_sink',
  what: `${sources.map(peopleName).join(', ')} may not be written to ${targetName.replace(/^public\./, '')}`,
  hint: 'A value may be copied, unchanged, to a column with the same tag only.',
})

type TouchVerdict = {
  readonly refusal: Refusal | null
  readonly approve: readonly Tag[]
  readonly counted: readonly Tag[]
}

/** The strictest of the rules of all tags that the touched sources have. */
function judgeTouch(touch: Touch, view: PlanView, reveals: Reveals): TouchVerdict {
  const hidden = hiddenOf(touch.sources, reveals)
  const tags = uniqueTags(hidden, reveals)
  const approve: Tag[] = []
  const counted: Tag[] = []
  for (const tag of tags) {
    const rule = touchRule(tag, view)
    switch (rule) {
      case 'allow':
        break
      case 'approve':
        approve.push(tag)
        break
      case 'deny':
        return { refusal: notAtAll(touch, hidden, tag, view), approve: [], counted: [] }
      case 'equality':
        if (touch.kind === 'other') return { refusal: equalityOnly(touch, hidden, view), approve: [], counted: [] }
        if (touch.kind === 'constants') counted.push(tag)
        break
      default:
        rule satisfies never
    }
  }
  if (counted.length > 0 && touch.values === null) return { refusal: unknownArray(hidden), approve: [], counted: [] }
  return { refusal: null, approve, counted }
}

class Budget {
  readonly #literals = new Set<number>()
  readonly #parameters = new Set<number>()
  /** Constants without a place in the text: of views. */
  #others = 0

  add({ values, literals, parameters }: Touch): void {
    for (const literal of literals) this.#literals.add(literal)
    for (const parameter of parameters) this.#parameters.add(parameter)
    this.#others += Math.max(0, (values ?? 0) - literals.length - parameters.length)
  }

  get values(): number {
    return this.#literals.size + this.#parameters.size + this.#others
  }

  use(tag: Tag, perDay: number): BudgetUse {
    return { tag, use: 'compared', literals: [...this.#literals], parameters: [...this.#parameters], perDay }
  }
}

/**
 * Constants that are written to tagged columns: whether a key takes one, or what joins it, answers for it like a
 * comparison. Free text and what nobody has looked at yet are left out: every note would count.
 */
function writtenValues({ touches, sensitiveValues }: Lineage, view: PlanView, reveals: Reveals): readonly BudgetUse[] {
  const constants = touches.filter(({ kind }) => kind === 'constants')
  const literals = new Set(constants.flatMap((touch) => touch.literals))
  const parameters = new Set(constants.flatMap((touch) => touch.parameters))
  const byTag = new Map<Tag, { readonly literals: number[]; readonly parameters: number[] }>()
  for (const { tag, location, parameter } of sensitiveValues) {
    if (tag === UNKNOWN_TAG || reveals.has(tag)) continue
    const written = byTag.get(tag) ?? { literals: [], parameters: [] }
    byTag.set(tag, written)
    if (location !== null && !literals.has(location)) written.literals.push(location)
    if (parameter !== null && !parameters.has(parameter)) written.parameters.push(parameter)
  }
  return [...byTag].flatMap(([tag, written]) => {
    const isEmpty = written.literals.length + written.parameters.length === 0
    return isEmpty ? [] : [{ tag, use: 'written' as const, ...written, perDay: view.rule(tag).writtenPerDay }]
  })
}

/** `bare` and of one tag: the only outputs that a strategy other than a constant is safe for. */
function maskOf(output: Output, view: PlanView, reveals: Reveals): OutputMask {
  const hidden = hiddenOf(output.sources, reveals)
  const [first] = hidden
  if (first === undefined) return { kind: 'clear' }
  if (output.bare && hidden.every(({ verdict }) => verdict === 'scanned')) return { kind: 'scan' }
  const tags = uniqueTags(hidden, reveals)
  const [tag = UNKNOWN_TAG, ...others] = tags
  const { strategy } = view.rule(tag)
  // A source that may be seen is no reason to show how another was combined with it.
  const stored = output.bare && others.length === 0 && hidden.length === output.sources.length
  const applied: Strategy = stored || (strategy === 'null' && others.length === 0) ? strategy : 'redact'
  return { kind: 'mask', strategy: applied, tag, computed: !output.bare }
}

/** Pure: the same lineage, plan and reveals give the same decision. */
export function decideMasks(lineage: Lineage, view: PlanView, reveals: Reveals): MaskDecision {
  const [unknown] = lineage.unknown
  if (unknown !== undefined) return refusedForUnknown(lineage, unknown)
  const [sink] = lineage.sinks
  if (sink !== undefined) return refusedForSink(sink)
  const approve = new Set<Tag>()
  const budgets = new Map<Tag, Budget>()
  for (const touch of lineage.touches) {
    const verdict = judgeTouch(touch, view, reveals)
    if (verdict.refusal !== null) return verdict.refusal
    for (const tag of verdict.approve) approve.add(tag)
    for (const tag of verdict.counted) {
      const budget = budgets.get(tag) ?? new Budget()
      budgets.set(tag, budget)
      budget.add(touch)
      const { valuesPerStatement } = view.rule(tag)
      if (budget.values > valuesPerStatement) return tooManyValues(touch.sources, budget.values, valuesPerStatement)
    }
  }
  const outputs: readonly MaskedOutput[] = lineage.outputs.map((output) => {
    const { name, type, sources } = output
    return { name, type, sources, mask: maskOf(output, view, reveals) }
  })
  return {
    kind: 'allowed',
    outputs,
    budget: [
      ...[...budgets].map(([tag, budget]) => budget.use(tag, view.rule(tag).valuesPerDay)),
      ...writtenValues(lineage, view, reveals),
    ],
    approve: [...approve],
    clear: outputs.every(({ mask }) => mask.kind === 'clear'),
  }
}
