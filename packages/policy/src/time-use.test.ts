import { policyToJson } from '@cedar-policy/cedar-wasm/nodejs'
import { describe, expect, it } from 'vitest'
import { looksAtTime } from './time-use.ts'

const treeOf = (condition: string): unknown => {
  const answer = policyToJson(`permit (principal, action, resource) when { ${condition} };`)
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message)
  return answer.json
}

describe('looksAtTime', () => {
  it.each([
    'context.time > datetime("2026-01-01")',
    'context["\\u{74}ime"] > datetime("2026-01-01")',
    'true && (if context.time.toTime() < duration("12h") then true else false)',
    'context has time',
    'context == {}',
    '[context].isEmpty()',
    '{ a: context }.a == 1',
    '(if true then context else context).time == 1',
    'principal.time == 1',
  ])('is true for %s', (condition) => {
    expect(looksAtTime(treeOf(condition))).toBe(true)
  })

  it.each([
    'true',
    'context.unfiltered',
    'context has purpose && context.purpose == "time"',
    'context.kinds.contains("a")',
  ])('is false for %s', (condition) => {
    expect(looksAtTime(treeOf(condition))).toBe(false)
  })
})
