import { describe, expect, it } from 'vitest'
import { ALL_NAMES, NameRegistry } from './name-registry.ts'

const found = (value: string) => ({ kind: 'found', value })

describe('NameRegistry', () => {
  it('lets a definition count at once in its own epoch', () => {
    const names = new NameRegistry<string>((text) => text.length)
    names.change('s', 'one', 0)
    expect(names.lookup('s', 0)).toEqual(found('one'))
  })

  it('lets nobody build on a definition of an earlier epoch that may still fail', () => {
    const names = new NameRegistry<string>((text) => text.length)
    names.confirm('s', 'old')
    names.change('s', 'new', 0)
    expect(names.lookup('s', 1)).toEqual({ kind: 'unsettled' })
    names.endEpoch(0)
    expect(names.lookup('s', 1)).toEqual(found('old'))
  })

  it('keeps what the upstream confirmed', () => {
    const names = new NameRegistry<string>((text) => text.length)
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
    const names = new NameRegistry<string>((text) => text.length)
    names.confirm('a', 'x')
    names.change('b', 'y', 0)
    expect(names.size).toBe(2)
    names.endEpoch(0)
    expect(names.size).toBe(1)
    names.forget(ALL_NAMES)
    expect(names.size).toBe(0)
  })

  it('counts the bytes of what is kept, and nothing of what is gone', () => {
    const names = new NameRegistry<string>((text) => text.length)
    names.change('a', 'four', 0)
    names.change('a', 'seven..', 0)
    names.change('b', 'b', 1)
    expect(names.bytes).toBe(8)
    names.confirm('a', 'seven..')
    names.endEpoch(0)
    expect(names.bytes).toBe(8)
    names.confirm('a', 'one')
    names.endEpoch(1)
    expect(names.bytes).toBe(3)
    names.confirm('c', 'four')
    names.confirm('a', null)
    expect(names.bytes).toBe(4)
    names.forget(ALL_NAMES)
    expect(names.bytes).toBe(0)
  })

  it('does not keep names that nobody gave', () => {
    const names = new NameRegistry<string>((text) => text.length)
    for (let count = 0; count < 1000; count++) names.change(`n${count}`, null, 0)
    expect(names.size).toBe(0)
    names.change('known', 'value', 0)
    names.change('known', null, 1)
    expect(names.lookup('known', 2)).toEqual({ kind: 'unsettled' })
  })
})
