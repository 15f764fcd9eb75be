// Asks the upstream whether the settings that decide how a text is read are still what the gateway reads by. Since
// version 14 it reports a change with ReadyForQuery only, which is too late inside of a pipeline.

import { GUARDED_SETTINGS } from '../upstream/guarded-settings.ts'
import type { OwnResult, OwnStatement } from './own-work.ts'

const names = [...GUARDED_SETTINGS.keys()]

export const SETTINGS: OwnStatement = {
  text: `select ${names.map((name) => `pg_catalog.current_setting('${name}')`).join(', ')}`,
  parameters: [],
}

export function settingsStand(result: Extract<OwnResult, { kind: 'done' }>): boolean {
  const row = result.results[0]?.[0] ?? []
  return names.every((name, index) => row[index] === GUARDED_SETTINGS.get(name))
}
