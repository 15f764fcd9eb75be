// The generated lists as they are asked: what they hold for one major version.

import objects from './objects.json' with { type: 'json' }
import operators from './operators.json' with { type: 'json' }
import plain from './plain-functions.json' with { type: 'json' }
import refused from './refused-functions.json' with { type: 'json' }
import total from './total-functions.json' with { type: 'json' }

const LISTS = { ...total, ...plain, ...refused, ...operators, ...objects }

const RANGE = /^(?<first>\d\d)-(?<last>\d\d)?$/

/** The entries of a list for one version, such as `abs:1394`: names are written once for several ids. */
export function entriesOf(list: keyof typeof LISTS, major: number): string[] {
  return Object.entries(LISTS[list])
    .filter(([range]) => {
      const { first, last } = RANGE.exec(range)?.groups ?? {}
      return first !== undefined && Number(first) <= major && (last === undefined || major <= Number(last))
    })
    .flatMap(([, lines]) => lines.flatMap((line) => line.split(' ')))
    .flatMap((word) => {
      const [, name = '', ids = ''] = /^(.*:)?(.*)$/.exec(word) ?? []
      return ids.split(',').map((id) => name + id)
    })
}

/** From the id of an entry `name:id` to its name. */
export function namesOf(list: keyof typeof LISTS, major: number): ReadonlyMap<number, string> {
  return new Map(
    entriesOf(list, major).map((entry) => {
      const colon = entry.lastIndexOf(':')
      return [Number(entry.slice(colon + 1)), entry.slice(0, colon)]
    }),
  )
}

export function idsOf(list: keyof typeof LISTS, major: number): ReadonlySet<number> {
  return new Set(entriesOf(list, major).map(Number))
}
