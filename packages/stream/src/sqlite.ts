// What the log needs to know of SQLite's result codes and of Node's binding to it.

import type { DatabaseSync, StatementSync } from 'node:sqlite'

const SQLITE_BUSY = 5
const PRIMARY_CODE = 0xff

/** The primary result code of an error from node:sqlite; undefined for any other error. */
export function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode
  return typeof code === 'number' ? code & PRIMARY_CODE : undefined
}

export function isBusy(error: unknown): boolean {
  return resultCode(error) === SQLITE_BUSY
}

export function numberFrom(statement: StatementSync, ...parameters: readonly number[]): number {
  const row = statement.get(...parameters)
  const value = row === undefined ? undefined : Object.values(row)[0]
  return typeof value === 'number' ? value : 0
}

export function pragma(database: DatabaseSync, name: string): StatementSync {
  return database.prepare(`PRAGMA ${name}`)
}
