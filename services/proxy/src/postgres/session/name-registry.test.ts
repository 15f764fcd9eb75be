import { describe, expect, it } from 'vitest'
import { ALL_NAMES, NameRegistry } from './name-registry.ts'

const found = (value: string) => ({ kind: 'found', value })

describe('NameRegistry', () => {
  it('lets a definition count at once in its own epoch', () => {
    const names = new NameRegistry<string>()
    names.change('s', 'one', 0)
    expect(names.lookup('s', 0)).toEqual(found('one'))
  })

  it('lets nobody build on a definition of an earlier epoch that may still fail', () => {
    const names = new NameRegistry<string>()
    names.confirm('s', 'old')
    names.change('s', 'new', 0)
    expect(names.lookup('s', 1)).toEqual({ kind: 'unsettled' })
    names.endEpoch(0)
    expect(names.lookup('s', 1)).toEqual(found('old'))
  })

  it('keeps what the upstream confirmed', () => {
    const names = new NameRegistry<string>()
    names.change('s', 'one', 0)
    names.confirm('s', 'one')
    names.endEpoch(0)
    expect(names.lookup('s', 5)).toEqual(found('one'))
    names.change('s', null, 5)
    expect(names.lookup('s', 5)).toEqual({ kind: 'missing' })
    names.confirm('s', null)
    names.endEpoch(5)
    expect(names.lookup('s', 6)).toEqual({ kind: 'missing' })
  })

  it('counts what is settled and what is under way', () => {
    const names = new NameRegistry<string>()
    names.confirm('a', 'x')
    names.change('b', 'y', 0)
    expect(names.size).toBe(2)
    names.endEpoch(0)
    expect(names.size).toBe(1)
    names.forget(ALL_NAMES)
    expect(names.size).toBe(0)
  })
})
