// A reader of a test database's catalog, as the gateway's role reads it.

import type { CatalogColumn, CatalogRelation, CatalogSnapshot } from '@sluice/mask'
import { GATEWAY_PASSWORD, GATEWAY_ROLE, type ProxiedDatabase } from '../../../../../test/stand/database.ts'
import { CatalogReader } from './read-catalog.ts'

export function catalogReader(database: ProxiedDatabase, timeoutMs = 30_000): CatalogReader {
  const { host, port } = database.server
  return new CatalogReader({
    timeoutMs,
    connection: {
      name: 'shop',
      database: database.name,
      user: GATEWAY_ROLE,
      password: () => Promise.resolve(GATEWAY_PASSWORD),
      address: {
        host,
        port,
        tls: { mode: 'verify-full', authority: database.authority.certificate, serverName: null },
      },
    },
  })
}

export function relationIn(catalog: CatalogSnapshot, name: string): CatalogRelation {
  const found = catalog.relations.find((relation) => relation.name === name && relation.schema === 'public')
  if (found === undefined) throw new Error(`there is no ${name}`)
  return found
}

export function columnIn(catalog: CatalogSnapshot, relation: string, name: string): CatalogColumn {
  const found = relationIn(catalog, relation).columns.find((column) => column.name === name)
  if (found === undefined) throw new Error(`there is no ${relation}.${name}`)
  return found
}

/** `customers.ssn customers.email`; null where it can't be told. */
export function originsIn(catalog: CatalogSnapshot, relation: string, name: string): string | null {
  const { origins } = columnIn(catalog, relation, name)
  if (origins === null) return null
  const names = origins.map(({ relid, attno }) => {
    const source = catalog.relations.find((each) => each.relid === relid)
    return `${source?.name ?? relid}.${source?.columns.find((each) => each.attno === attno)?.name ?? attno}`
  })
  return names.sort().join(' ')
}
