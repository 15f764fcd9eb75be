/** `sluice policy explain`: what the policies of a folder say to a statement: facts, questions, policies, answer. */
import type { PolicyConnection } from '@sluice/policy'
import { CliFailure, EXIT_CODES } from '../failure.ts'
import type { VerbContext } from '../verbs/context.ts'
import { policyMistakes, printMistakes } from './check.ts'
import { type Explained, printExplanation } from './explanation-text.ts'
import { connectionOf, type PolicyFlags, type PolicyFolder, pathOf, readPolicyFolder } from './policy-folder.ts'
import { accessOfText } from './statement.ts'
import { type SubjectFlags, subjectOf } from './subject.ts'
import { engineOf } from './test.ts'

export type ExplainFlags = PolicyFlags & SubjectFlags & { readonly on?: string; readonly purpose?: string }

export async function runPolicyExplain(sql: string, flags: ExplainFlags, context: VerbContext): Promise<void> {
  const { output } = context
  const folder = await readPolicyFolder(flags, context)
  const mistakes = policyMistakes(folder)
  if (mistakes.length > 0) {
    if (flags.json !== true) printMistakes(output, mistakes)
    throw new CliFailure('policies with mistakes decide nothing; correct them first: sluice policy check')
  }
  const connection = chosenConnection(flags.on, folder)
  const engine = engineOf(folder)
  const subject = subjectOf(flags, folder.config)
  const circumstances = { clientAddress: null, purpose: flags.purpose ?? null }
  const session = engine.session(subject, connection, circumstances, Date.now)
  const access = await accessOfText(sql, connection.name)
  const explained: Explained = {
    sql,
    connection: connection.name,
    access,
    connect: session.connect(),
    explanation: session.explain(access),
    policyVersion: engine.version,
  }
  if (flags.json === true) return output.json(explained)
  printExplanation(output, explained, {
    subject,
    rules: folder.config.approvals,
    pathOf: (file) => pathOf(folder, file),
  })
}

function chosenConnection(name: string | undefined, folder: PolicyFolder): PolicyConnection {
  const names = Object.keys(folder.config.connections)
  const chosen = name ?? (names.length === 1 ? names[0] : undefined)
  if (chosen === undefined) {
    throw new CliFailure(`say on which connection, with --on: there are ${names.join(', ')}`, EXIT_CODES.usage)
  }
  const connection = connectionOf(folder, chosen)
  if (connection !== null) return connection
  throw new CliFailure(`there is no connection ${chosen}; there are ${names.join(', ')}`, EXIT_CODES.notFound)
}
