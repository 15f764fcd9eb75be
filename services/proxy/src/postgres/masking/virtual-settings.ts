// Settings that the gateway needs for itself, as a client sees them: they are kept under names of the gateway's own, so
// that transactions and RESET treat them as they treat all settings.

import type { UtilityFacts } from '@sluice/sql'
import { NOTICE_SETTING } from './notice-level.ts'

type VirtualSetting = Extract<UtilityFacts, { kind: 'virtual-setting' }>

const PREFIX = 'sluice.'

/** What a server answers where nobody has set it. */
const defaultOf = (name: string): string => (name === NOTICE_SETTING ? 'notice' : 'off')

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
const named = (name: string): string => `"${(PREFIX + name).replaceAll('"', '""')}"`.replace('.', '"."')

/** What is sent in place of the client's statement. */
export function virtualStatement({ verb, name, value, local }: VirtualSetting): string {
  switch (verb) {
    case 'SET':
      return value === null ? `RESET ${named(name)}` : `SET ${local ? 'LOCAL ' : ''}${named(name)} TO ${quoted(value)}`
    case 'RESET':
      return `RESET ${named(name)}`
    case 'SHOW':
      return `SELECT coalesce(nullif(pg_catalog.current_setting(${quoted(PREFIX + name)}, true), ''), ${quoted(defaultOf(name))}) AS "${name.replaceAll('"', '""')}"`
    default:
      return verb satisfies never
  }
}
