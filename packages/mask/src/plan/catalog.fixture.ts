// A small shop's catalog, and its parts, for tests.

import type { CatalogColumn, CatalogRelation, CatalogSnapshot } from './catalog.ts'

/** The only ids of PostgreSQL's types that the tests need. */
export const TYPE_IDS = { text: 25, varchar: 1043, int8: 20, bool: 16, uuid: 2950, jsonb: 3802, date: 1082, bytea: 17 }

/** `name:type`, in order: `email:text`. */
export function column(attno: number, spec: string, changes: Partial<CatalogColumn> = {}): CatalogColumn {
  const [name = '', typeName = 'text'] = spec.split(':')
  return {
    attno,
    name,
    type: TYPE_IDS[typeName as keyof typeof TYPE_IDS],
    typeName,
    typmod: -1,
    comment: null,
    labels: [],
    generatedFrom: null,
    origins: [],
    bare: false,
    ...changes,
  }
}

export function relation(
  relid: number,
  name: string,
  columns: readonly (string | CatalogColumn)[],
  changes: Partial<CatalogRelation> = {},
): CatalogRelation {
  return {
    relid,
    schema: 'public',
    name,
    kind: 'r',
    comment: null,
    columns: columns.map((each, index) => (typeof each === 'string' ? column(index + 1, each) : each)),
    parents: [],
    keys: [],
    indexes: [],
    placedBy: [],
    code: [],
    ...changes,
  }
}

export function catalogOf(
  relations: readonly CatalogRelation[],
  changes: Partial<CatalogSnapshot> = {},
): CatalogSnapshot {
  return {
    connection: 'shop',
    databaseId: 16_400,
    databaseName: 'shop',
    serverMajor: 16,
    relations,
    foreignKeys: [],
    types: [],
    standard: [],
    ...changes,
  }
}

export const CUSTOMERS = 20_001

export const SHOP: CatalogSnapshot = catalogOf([
  relation(CUSTOMERS, 'customers', ['id:int8', 'name', 'email', 'ssn', 'notes', 'born:date'], {
    keys: [{ primary: true, columns: [1] }],
  }),
  relation(20_002, 'orders', ['id:int8', 'customer_id:int8', 'status:varchar', 'comment']),
])
