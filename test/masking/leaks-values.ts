// The sensitive values of the two databases, and every form in which one could be recognised in what a client gets.

export const SIDES = ['left', 'right'] as const
export type Side = (typeof SIDES)[number]

/** Numbers that are in the same order in neither database, all of them different. */
const SEEDS: Readonly<Record<Side, { readonly factor: number; readonly shift: number }>> = {
  left: { factor: 7_919, shift: 8_371 },
  right: { factor: 104_723, shift: 3_019 },
}

/** Nine digits as social security numbers have them: no area 000, 666 or from 900 on, no group 00, no serial 0000. */
const digitsOf = (side: Side, n: number): string => {
  const { factor, shift } = SEEDS[side]
  const number = (n * factor * 9_973 + shift * 10_007) % 100_000_000
  const area = 100 + (number % 560)
  const group = 10 + (Math.floor(number / 560) % 89)
  const serial = 1_000 + (number % 8_999)
  return `${area}${group}${serial}`
}

export const ssnOf = (side: Side, n: number): string => {
  const digits = digitsOf(side, n)
  return `${digits.slice(0, 3)}-${digits.slice(3, 5)}-${digits.slice(5)}`
}

/** Of another length on each side; the domain is what the strategy shows. */
export const emailOf = (side: Side, n: number): string =>
  `q${side === 'left' ? '' : 'longer'}${digitsOf(side, n)}@example.org`

/** All of them are ASCII. */
const backwards = (value: string): string => value.split('').reverse().join('')

const FORMS: readonly ((value: string) => string)[] = [
  (value) => value,
  backwards,
  (value) => value.replaceAll('-', ''),
  (value) => backwards(value.replaceAll('-', '')),
  (value) => Buffer.from(value).toString('hex'),
  // Without what depends on the bytes behind it.
  (value) => Buffer.from(value).toString('base64').slice(0, 12),
  (value) => Buffer.from(value).toString('base64url').slice(0, 12),
]

/** Its parts of four characters; those without a dash could be a part of any number. */
const partsOf = (ssn: string): readonly string[] =>
  Array.from({ length: ssn.length - 3 }, (_, at) => ssn.slice(at, at + 4)).filter((part) => part.includes('-'))

/** Everything that must not be found in what a client of this side sees. */
export function tracesOf(side: Side, rows: number): readonly string[] {
  const ssns = Array.from({ length: rows }, (_, i) => ssnOf(side, i + 1))
  const names = Array.from({ length: rows }, (_, i) => emailOf(side, i + 1).split('@')[0] as string)
  return [
    ...new Set([
      ...[...ssns, ...names].flatMap((value) => FORMS.map((form) => form(value))),
      ...ssns.flatMap((ssn) => partsOf(ssn)),
    ]),
  ]
}
