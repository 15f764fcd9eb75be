import { describe, expect, it } from 'vitest'
import { checkPlace, type KnownPlaces } from './version-check.ts'

const hashOf = (version: number): Buffer => Buffer.alloc(32, version)
const place = (version: number) => ({ version, hash: hashOf(version) })
const NONE: KnownPlaces = { seen: null, remembered: null, fromStart: false }

/** The honest record of a version. */
const check = (version: number, known: Partial<KnownPlaces>): string =>
  checkPlace({ version, previous: version === 1 ? null : hashOf(version - 1) }, hashOf(version), { ...NONE, ...known })
    .kind

describe('the place of a record', () => {
  it.each<[string, number, Partial<KnownPlaces>, string]>([
    ['the first of all', 1, {}, 'new'],
    ['the next one', 4, { seen: place(3) }, 'new'],
    ['one after a gap', 9, { seen: place(3) }, 'new'],
    ['the last one again', 3, { seen: place(3) }, 'same'],
    ['an earlier one again', 2, { seen: place(3) }, 'rollback'],
    ['the remembered one after a restart', 3, { remembered: place(3), fromStart: true }, 'new'],
    ['the one after it', 4, { remembered: place(3), fromStart: true }, 'new'],
    ['one before it, on the way there', 2, { remembered: place(3), fromStart: true }, 'older'],
    ['one before it, when the log was read to its end', 2, { remembered: place(3) }, 'rollback'],
    [
      'one before it that comes twice on the way',
      1,
      { seen: place(2), remembered: place(3), fromStart: true },
      'rollback',
    ],
  ])('%s', (_what, version, known, verdict) => {
    expect(check(version, known)).toBe(verdict)
  })

  it.each<[string, number, Buffer | null, Partial<KnownPlaces>]>([
    ['no version', 0, null, {}],
    ['a version that is no whole number', 2 ** 60, hashOf(1), {}],
    ['a first one with a past', 1, hashOf(9), {}],
    ['a later one without a past', 2, null, {}],
    ['another content than was seen', 3, hashOf(2), { seen: { version: 3, hash: hashOf(8) } }],
    ['another content than is remembered', 3, hashOf(2), { remembered: { version: 3, hash: hashOf(8) } }],
    ['another past than was seen', 3, hashOf(9), { seen: place(2) }],
    ['another past than is remembered', 3, hashOf(9), { remembered: place(2), fromStart: true }],
  ])('is a fork: %s', (_what, version, previous, known) => {
    expect(checkPlace({ version, previous }, hashOf(version % 256), { ...NONE, ...known }).kind).toBe('fork')
  })
})
