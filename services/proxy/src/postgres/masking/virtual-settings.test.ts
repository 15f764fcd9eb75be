import { describe, expect, it } from 'vitest'
import { NoticeLevel } from './notice-level.ts'
import { virtualStatement } from './virtual-settings.ts'

const setting = { kind: 'virtual-setting', name: 'client_min_messages', value: null, local: false } as const

describe('virtualStatement', () => {
  it('keeps the setting under a name of the gateway', () => {
    expect(virtualStatement({ ...setting, verb: 'SET', value: "it's" })).toBe(
      `SET "sluice"."client_min_messages" TO 'it''s'`,
    )
    expect(virtualStatement({ ...setting, verb: 'SET', value: 'warning', local: true })).toBe(
      `SET LOCAL "sluice"."client_min_messages" TO 'warning'`,
    )
    expect(virtualStatement({ ...setting, verb: 'SET' })).toBe('RESET "sluice"."client_min_messages"')
    expect(virtualStatement({ ...setting, verb: 'RESET' })).toBe('RESET "sluice"."client_min_messages"')
  })

  it('answers the default where nothing was set', () => {
    expect(virtualStatement({ ...setting, verb: 'SHOW' })).toContain(`'notice'`)
    expect(virtualStatement({ ...setting, name: 'debug_print_rewritten', verb: 'SHOW' })).toContain(`'off'`)
  })
})

describe('NoticeLevel', () => {
  it('wants what is as important as its level, and INFO always', () => {
    const level = new NoticeLevel()
    expect(['DEBUG1', 'LOG', 'NOTICE', 'WARNING', 'INFO'].map((each) => level.wants(each))).toEqual([
      false,
      false,
      true,
      true,
      true,
    ])
    level.set('error')
    expect(['NOTICE', 'WARNING', 'INFO'].map((each) => level.wants(each))).toEqual([false, false, true])
    level.set('no level')
    expect(level.wants('WARNING')).toBe(false)
    level.set(null)
    expect(level.wants('NOTICE')).toBe(true)
  })
})
