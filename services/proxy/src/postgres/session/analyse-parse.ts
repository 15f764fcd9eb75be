// A client's own Parse, in a session that masks: nothing of it runs before it is known what it does, and Bind waits for
// that.

import * as encode from '../wire/encode.ts'
import type { Analyses } from './analyses.ts'
import type { Delivery } from './delivery.ts'
import type { NameRegistry } from './name-registry.ts'
import { describeGroup, type FrameGroup, type ReadStatement } from './statements.ts'
import { HeldSubmission, type Submissions } from './submissions.ts'

export type ParseParts = {
  readonly submissions: Submissions
  readonly analyses: Analyses
  readonly statements: NameRegistry<ReadStatement>
  readonly delivery: Delivery
  /** The session is over: nothing more is recorded. */
  readonly ended: () => boolean
}

export type ClientParse = {
  readonly group: FrameGroup
  readonly name: string
  readonly text: string
  readonly statement: ReadStatement
}

export async function analyseParse(parts: ParseParts, { group, name, text, statement }: ClientParse): Promise<void> {
  const { submissions, analyses, statements, delivery, ended } = parts
  const description = describeGroup(group)
  const wasOpen = submissions.open
  const request = submissions.forward(description, 'refused-message', group.messages)
  if (request === null || request instanceof HeldSubmission) return
  const confirmed = (): void => statements.confirm(name, statement)
  const analysis = await analyses.analyse(request, { analysed: text, whole: text, at: 0 }, confirmed)
  if (ended() || analysis.kind === 'failed') return
  if (analysis.kind === 'refused') {
    // The upstream has it although the client was refused.
    statements.change(name, null, submissions.epoch)
    analyses.forget(name, () => statements.confirm(name, null))
    analyses.refuse(request, { ...description, access: analysis.access }, analysis.denial)
    return
  }
  statement.analysed = analysis.analysed
  delivery.pushResult(request, encode.parseComplete)
  delivery.finish(request, 'ok', null)
  const mayWait = submissions.session.mayWait(analysis.analysed.access)
  if (!wasOpen && mayWait) await analyses.release()
}
