// Constants, one for each number, that are as many as a subject may compare in a day only if each of them is counted.

import { bindAs, execute, parse, sync } from '../stand/wire-client.ts'
import type { Step } from './leaks-client.ts'

export type Series = { readonly name: string; readonly first?: string; readonly step: (n: number) => Step }

const asked = (constant: string): string => `select id from customers where ssn = ${constant}`

/** The byte of a digit as two hexadecimal ones. */
const byte = (digit: number): string => `3${digit % 10}`
const digits = (n: number): readonly [number, number] => [n % 10, Math.floor(n / 10)]

const int4 = (n: number): Buffer => Buffer.from([0, 0, 0, n])

export const SERIES: readonly Series[] = [
  { name: 'strings', step: (n) => asked(`'${n}'`) },
  { name: 'strings with a collation', step: (n) => asked(`'${n}' collate "C"`) },
  { name: 'escapes', step: (n) => asked(`E'\\x${byte(digits(n)[0])}\\x${byte(digits(n)[1])}'`) },
  {
    name: 'code points with an escape of their own',
    step: (n) => asked(`U&'!00${byte(digits(n)[0])}!00${byte(digits(n)[1])}' uescape '!'`),
  },
  { name: 'strings that go on in the next line', step: (n) => asked(`'000-00'\n'-${n}'`) },
  { name: 'dollar quotes', step: (n) => asked(`$a$${n}$a$`) },
  { name: 'types in front', step: (n) => asked(`text '${n}'`) },
  { name: 'numbers', step: (n) => asked(`${n}::text`) },
  { name: 'numbers below zero', step: (n) => asked(`(-${n})::text`) },
  { name: 'bits', step: (n) => asked(`B'${n.toString(2)}'::text`) },
  { name: 'lists', step: (n) => `select id from customers where ssn in ('${n}', '0')` },
  { name: 'alternatives', step: (n) => `select id from customers where ssn = '${n}' or ssn = '0' and vip` },
  {
    name: 'sub-selects',
    step: (n) => `select id from orders where id in (select id from customers where ssn = '${n}')`,
  },
  { name: 'views', step: (n) => `select id from v_barrier where code = '${n}'` },
  {
    name: 'arguments of EXECUTE',
    first: 'prepare s as select id from customers where ssn = $1',
    step: (n) => `execute s('${n}')`,
  },
  {
    name: 'parameters',
    step: (n) => [parse('', asked('$1')), bindAs('', '', [], [Buffer.from(String(n))]), execute(), sync],
  },
  {
    name: 'parameters in binary',
    step: (n) => [parse('', asked('($1::int)::text')), bindAs('', '', [], [int4(n)], [1]), execute(), sync],
  },
  { name: 'cursors', step: (n) => `declare c${n} cursor for ${asked(`'${n}'`)}` },
  { name: 'COPY', step: (n) => `copy (${asked(`'${n}'`)}) to stdout` },
  { name: 'EXPLAIN', step: (n) => `explain (costs off) ${asked(`'${n}'`)}` },
  { name: 'conflicts', step: (n) => `insert into taken values ('${n}', 2) on conflict (ssn) do nothing` },
]

/** One literal that is another value each time: no constant at all. */
export const NO_CONSTANTS: readonly string[] = [
  asked("'000-00-0000'::varchar(3)"),
  asked("'000-00-0000'::char(3)"),
  asked('1::numeric(20, 3)::text'),
  asked("B'101'::bit(2)::text"),
]
