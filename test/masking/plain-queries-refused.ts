// Plain queries that are refused, and why: expected failures, which fail when they begin to pass.

import type { PlainQuery } from './plain-queries.ts'

type Refused = {
  readonly name: string
  /** `tree`: by what PostgreSQL makes of it; `text`: by the gateway, before PostgreSQL sees it. */
  readonly by: 'tree' | 'text'
  readonly why: string
}

const REFUSED: readonly Refused[] = [
  {
    name: 'node 44',
    by: 'tree',
    why: 'joins pg_statio_all_tables for a comment; its other columns tell how much other sessions read of a table',
  },
  {
    name: 'analysts: enum as text',
    by: 'text',
    why: 'a cast names a type of its own, which could run code of its own',
  },
  { name: 'tools: hibernate: sequence', by: 'text', why: 'nextval changes something and is not on the list for texts' },
  { name: 'writes: moved rows', by: 'text', why: 'a DELETE inside WITH' },
  { name: 'sqlalchemy 17', by: 'text', why: 'a parameter names the setting that current_setting shows' },
]

export function isRefusedByMistake({ name }: PlainQuery, by: readonly Refused['by'][]): boolean {
  return REFUSED.some((refused) => refused.name === name && by.includes(refused.by))
}
