// The one place where the indexer opens its connection to ClickHouse, embedded or a server.

import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'

export const INDEX_REQUEST_MS = 120_000

export type IndexAddress = {
  readonly url: string
  readonly user: string
  readonly password: string
  readonly database: string
  /** PEM of the CA that signed a server's certificate. */
  readonly authority?: Buffer | undefined
}

/** Errors are thrown, and logged by whoever can say what they mean: the client itself logs nothing. */
export function openIndexClient(address: IndexAddress, database: string = address.database): ClickHouseClient {
  return createClient({
    url: address.url,
    username: address.user,
    password: address.password,
    database,
    request_timeout: INDEX_REQUEST_MS,
    log: { level: ClickHouseLogLevel.OFF },
    ...(address.authority === undefined ? {} : { tls: { ca_cert: address.authority } }),
  })
}
