// Names that meant something else before: of statements, portals and cursors.

import { bind, bindAs, close, execute, parse, sync } from '../stand/wire-client.ts'
import type { Attack } from './leaks-client.ts'

const SECRET = 'select ssn from customers order by id limit 2'
const CLEAN = 'select name from customers order by id limit 2'
const LONG = 'a'.repeat(63)

const run = (portal: string, statement: string) => [bind(portal, statement), execute(portal)]

export const NAMES: readonly Attack[] = [
  {
    name: 'a portal under the name of a cursor that ended with its transaction',
    steps: [
      'begin',
      `declare c cursor for ${CLEAN}`,
      'commit',
      'begin',
      [parse('s', SECRET), bind('c', 's'), sync],
      'fetch all from c',
    ],
    ends: 'answered',
  },
  {
    name: 'a portal under the name of a cursor that was rolled back',
    steps: [
      'begin',
      `declare c cursor with hold for ${CLEAN}`,
      'rollback',
      'begin',
      [parse('s', SECRET), bind('c', 's'), sync],
      'fetch all from c',
    ],
    ends: 'answered',
  },
  {
    name: 'a portal under the name of a cursor that was closed in a part that was rolled back',
    steps: [
      'begin',
      `declare c cursor for ${CLEAN}`,
      'savepoint x',
      'close c',
      'rollback to x',
      [parse('s', SECRET), bind('c', 's'), sync],
      'fetch all from c',
    ],
    ends: 'answered',
  },
  {
    name: 'a cursor under the name of a portal that SQL closed',
    steps: [
      'begin',
      [parse('s', CLEAN), bind('c', 's'), sync],
      'close c',
      `declare c cursor for ${SECRET}`,
      [execute('c'), sync],
    ],
    ends: 'refused 34000',
  },
  {
    name: 'a cursor under the name of a portal that SQL closed with all others',
    steps: [
      'begin',
      [parse('s', CLEAN), bind('c', 's'), sync],
      'close all',
      `declare c cursor for ${SECRET}`,
      [execute('c'), sync],
    ],
    ends: 'refused 34000',
  },
  {
    name: 'a cursor under the name of a portal that was rolled back',
    steps: [
      'begin',
      'savepoint x',
      [parse('s', CLEAN), bind('c', 's'), sync],
      'rollback to x',
      `declare c cursor for ${SECRET}`,
      [execute('c'), sync],
    ],
    ends: 'refused 34000',
  },
  {
    name: 'a cursor and a portal of one name in one pipeline',
    steps: [
      'begin',
      [
        parse('s', CLEAN),
        bind('c', 's'),
        parse('k', 'close c'),
        ...run('', 'k'),
        parse('d', `declare c cursor for ${SECRET}`),
        ...run('', 'd'),
        execute('c'),
        sync,
      ],
    ],
    ends: 'refused 34000',
  },
  {
    name: 'a FETCH that was bound while the cursor was another one',
    steps: [
      'begin',
      `declare c cursor for ${CLEAN}`,
      [parse('f', 'fetch all from c'), bind('q', 'f'), sync],
      'close c',
      `declare c cursor for ${SECRET}`,
      [execute('q'), sync],
    ],
    ends: 'refused 42501',
  },
  {
    name: 'a FETCH that was bound while there was a cursor where a portal is',
    steps: [
      'begin',
      `declare c cursor for ${CLEAN}`,
      [parse('f', 'fetch all from c'), bind('q', 'f'), sync],
      'close c',
      [parse('s', SECRET), bind('c', 's'), execute('q'), sync],
    ],
    ends: 'refused 42501',
  },
  {
    name: 'a FETCH that was prepared while the cursor was another one',
    steps: [
      'begin',
      `declare c cursor for ${CLEAN}`,
      [parse('f', 'fetch all from c'), sync],
      'close c',
      `declare c cursor for ${SECRET}`,
      [...run('', 'f'), sync],
    ],
    ends: 'answered',
  },
  {
    name: 'a cursor WITH HOLD after its transaction, backwards and by position',
    steps: [
      'begin',
      'declare c scroll cursor with hold for select ssn from customers order by id',
      'commit',
      'fetch 2 from c',
      'fetch absolute 3 from c',
      'fetch backward all from c',
    ],
    ends: 'answered',
  },
  {
    name: 'a cursor that is fetched by messages in binary format',
    steps: [
      'begin',
      'declare c cursor for select ssn, id from customers order by id',
      [parse('f', 'fetch 2 from c'), bindAs('', 'f', [1]), execute(), sync],
    ],
    ends: 'answered',
  },
  {
    name: 'a name of a statement that SQL deallocated and messages prepared anew',
    steps: [`prepare s as ${CLEAN}`, 'deallocate s', [parse('s', SECRET), sync], 'execute s'],
    ends: 'answered',
  },
  {
    name: 'a name that a message deallocated by SQL',
    steps: [
      `prepare s as ${CLEAN}`,
      [parse('d', 'deallocate s'), ...run('', 'd'), sync],
      [parse('s', SECRET), sync],
      'execute s',
    ],
    ends: 'answered',
  },
  {
    name: 'a name prepared in what was rolled back',
    steps: ['begin', `prepare s as ${SECRET}`, 'rollback', 'execute s'],
    ends: 'answered',
  },
  {
    name: 'a name that is there already',
    steps: [
      [parse('s', CLEAN), sync],
      [parse('s', SECRET), sync],
      [...run('', 's'), sync],
    ],
    ends: 'answered',
  },
  {
    name: 'a name that failed to be prepared in one pipeline',
    steps: [
      [parse('s', SECRET), parse('s', CLEAN), ...run('', 's'), sync],
      [...run('', 's'), sync],
    ],
    ends: 'answered',
  },
  {
    name: 'everything deallocated',
    steps: [`prepare s as ${CLEAN}`, 'deallocate all', [parse('s', SECRET), sync], 'execute s'],
    ends: 'answered',
  },
  {
    name: 'everything discarded',
    steps: [`prepare s as ${CLEAN}`, 'discard all', [parse('s', SECRET), sync], 'execute s'],
    ends: 'answered',
  },
  {
    name: 'names that are one to the server',
    steps: [
      [
        parse(`${LONG}x`, CLEAN),
        close('S', `${LONG}y`),
        parse(`${LONG}z`, SECRET),
        bind('', `${LONG}x`),
        execute(),
        sync,
      ],
    ],
    ends: 'answered',
  },
  {
    name: 'portals that are one to the server',
    steps: [
      [
        parse('s', CLEAN),
        parse('t', SECRET),
        bind(`${LONG}x`, 's'),
        close('P', `${LONG}y`),
        bind(`${LONG}z`, 't'),
        execute(`${LONG}x`),
        sync,
      ],
    ],
    ends: 'answered',
  },
]
