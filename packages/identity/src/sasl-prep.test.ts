import { describe, expect, it } from 'vitest'
import { saslPrepared } from './sasl-prep.ts'

describe('SASLprep', () => {
  it.each([
    ['the example of RFC 4013: soft hyphen', 'I\u00adX', 'IX'],
    ['no change', 'user', 'user'],
    ['case is kept', 'USER', 'USER'],
    ['NFKC of a feminine ordinal', '\u00aa', 'a'],
    ['NFKC of a roman numeral', '\u2168', 'IX'],
    ['a space of another kind', 'a\u00a0b', 'a b'],
    ['a control character: as it is', '\u0007\u00aa', '\u0007\u00aa'],
    ['a mark that the normalisation would make another: as it is', 'x\u0340', 'x\u0340'],
    ['mixed directions: as it is', '\u0627\u00aa', '\u0627\u00aa'],
    ['right to left from end to end', '\u0627\u0628', '\u0627\u0628'],
    ['nothing is left: as it is', '\u00ad', '\u00ad'],
  ])('%s', (_, password, prepared) => {
    expect(saslPrepared(password)).toBe(prepared)
  })
})
