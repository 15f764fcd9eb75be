// How people name what was accessed: `customers`, `public.customers`, `shop/customers`, each with `.column` behind it.

import { PeerInvalid } from '@sluice/events'

/** One reading of the words; null matches everything. */
export type ObjectReading = {
  readonly schema: string | null
  readonly relation: string
  readonly column: string | null
}

export type ObjectPattern = {
  readonly connection: string | null
  readonly readings: readonly [ObjectReading, ...ObjectReading[]]
}

/** @throws PeerInvalid `object_malformed` */
export function parseObject(text: string): ObjectPattern {
  const slash = text.indexOf('/')
  const connection = slash < 0 ? null : text.slice(0, slash)
  const parts = text.slice(slash + 1).split('.')
  const [first = '', second = '', third = ''] = parts
  if (connection === '' || parts.length > 3 || parts.some((part) => part === '' || part.includes('/'))) {
    throw new PeerInvalid(
      'object_malformed',
      'an object is named table, schema.table, table.column or connection/table',
    )
  }
  switch (parts.length) {
    case 1:
      return { connection, readings: [{ schema: null, relation: first, column: null }] }
    case 2:
      return {
        connection,
        readings: [
          { schema: first, relation: second, column: null },
          { schema: null, relation: first, column: second },
        ],
      }
    default:
      return { connection, readings: [{ schema: first, relation: second, column: third }] }
  }
}
