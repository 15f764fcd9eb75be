// What a plan and the analysis of a statement say, as rows for people.

import { FIRST_USER_ID, type MaskedOutput, type PlanView, type Source, type Touch } from '@sluice/mask'
import type { Denial } from '@sluice/policy'
import { textResult } from './result-rows.ts'
import type { Analysed } from './session-masking.ts'

type Explained =
  | { readonly kind: 'allowed'; readonly analysed: Analysed }
  | { readonly kind: 'refused'; readonly denial: Denial }

/** More is read with a narrower pattern. */
const MAX_ROWS = 5_000

const COLUMNS = ['part', 'what', 'made of', 'happens'] as const

export function explanationRows(explained: Explained): Buffer {
  if (explained.kind === 'refused') {
    const { reason, hint } = explained.denial
    const rows = [['statement', reason, '', 'refused'], ...(hint === null ? [] : [['hint', hint, '', '']])]
    return textResult(COLUMNS, rows, 'EXPLAIN')
  }
  const { decision, lineage } = explained.analysed
  const rows = [
    ...decision.outputs.map((output, index) => [
      `output ${index + 1}`,
      output.name,
      sourceNames(output.sources),
      outputWords(output),
    ]),
    ...lineage.touches.map((touch) => ['touch', touch.operation, sourceNames(touch.sources), touchWords(touch)]),
  ]
  return textResult(COLUMNS, rows, 'EXPLAIN')
}

function sourceNames(sources: readonly Source[]): string {
  return sources.map(({ name, tags, verdict }) => `${name} (${tags.join(', ') || verdict})`).join(', ')
}

function outputWords({ mask, sources }: MaskedOutput): string {
  switch (mask.kind) {
    case 'clear':
      return sources.length === 0 ? 'clear' : 'clear: its tags are revealed'
    case 'scan':
      return 'what the detectors find in it is masked'
    case 'mask':
      return mask.computed ? `${mask.strategy} as a whole: it is computed` : mask.strategy
    default:
      return mask satisfies never
  }
}

function touchWords({ kind, values }: Touch): string {
  if (kind === 'tags') return 'allowed: both have the same tags'
  return kind === 'constants' ? `counts against the budget: ${values ?? 'some'} values` : 'allowed'
}

/** `pattern`: a part of `schema.table.column`; empty for everything. */
export function planRows(view: PlanView, pattern: string): { readonly bytes: Buffer; readonly rows: number } {
  const wanted = pattern.toLowerCase()
  const rows: string[][] = []
  for (const { relid, schema, name: table, columns } of view.plan.relations) {
    // PostgreSQL's own are what they are everywhere.
    if (relid < FIRST_USER_ID) continue
    for (const { name, verdict, tags, why } of columns) {
      if (rows.length >= MAX_ROWS || !`${schema}.${table}.${name}`.toLowerCase().includes(wanted)) continue
      const masked = tags.map((tag) => `${tag}: ${view.rule(tag).strategy}`)
      rows.push([`${schema}.${table}`, name, verdict, masked.join(', '), why])
    }
  }
  return { bytes: textResult(['table', 'column', 'verdict', 'tags', 'why'], rows, 'SELECT'), rows: rows.length }
}
