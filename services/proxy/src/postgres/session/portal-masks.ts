// What may be seen of a portal: of a statement that was analysed, or of a cursor that one declared.

import { denyProtocol, type StatementAccess } from '@sluice/policy'
import type { Cursor, Judged, SessionMasking } from '../masking/session-masking.ts'
import type { BindBody } from '../wire/decode.ts'
import type { Lookup } from './name-registry.ts'
import type { ReadStatement } from './statements.ts'

/** Null for what returns no rows of tables. The statement keeps what came of judging it again. */
export function judgePortal(
  masking: SessionMasking,
  statement: ReadStatement,
  { values }: Pick<BindBody, 'values'>,
  cursorOf: (name: string) => Lookup<Cursor>,
): Judged | null {
  const { needsTree, analysed, utility, access } = statement
  if (needsTree) {
    const judged = analysed === undefined ? unknownHere(access) : masking.execution(analysed, values)
    if (judged.kind === 'allowed') statement.analysed = judged.analysed
    return judged
  }
  if (utility?.kind !== 'fetch') return null
  const cursor = cursorOf(utility.cursor)
  return cursor.kind === 'found' ? masking.again(cursor.value.analysed) : unknownHere(access)
}

/** What nobody analysed is not executed. */
function unknownHere(access: StatementAccess): Judged {
  const denial = denyProtocol('statement_unknown', 'there is no statement or cursor of that name that was analysed')
  return { kind: 'refused', denial, access }
}
