// Foreign clients run a script each that prints a line of JSON for everything it tried; here it is run and read.

import type { ClientStand, Target } from './client-stand.ts'
import { expectRefusal, type Refusal } from './refusal.ts'
import { runProgram } from './run-program.ts'

/** What was tried with the refusals that it met, and whether the session lived on. */
export type RefusedTask = {
  readonly refused: readonly Refusal[]
  readonly alive: readonly string[]
  readonly failed?: Refusal
  readonly [more: string]: unknown
}

type Results = Readonly<Record<string, unknown>>

/** What each task of the script came to, by name. */
export type ScriptResults = {
  /** The same tasks through Sluice and past it. */
  readonly through: Results
  readonly past: Results
  /** What only Sluice does. */
  readonly own: Results
}

type Line = {
  readonly part: keyof ScriptResults
  readonly task: string
  readonly result?: unknown
  readonly broken?: string
}

export async function runScript(command: string, args: readonly string[], stand: ClientStand): Promise<ScriptResults> {
  const expired = await stand.proxy.ticket({ ttlMs: 1 })
  const { code, stdout, stderr } = await runProgram(command, args, {
    env: {
      ...variables('SLUICE', stand.sluice),
      ...variables('DIRECT', stand.direct),
      TOKEN: await stand.proxy.issuer.token(),
      EXPIRED_USER: expired.user,
      EXPIRED_PASSWORD: expired.password,
    },
  })
  if (code !== 0) throw new Error(`the script ended with ${code}: ${stderr}\n${stdout}`)
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line): Line => JSON.parse(line))
  const broken = lines.filter((line) => line.broken !== undefined)
  if (broken.length > 0) throw new Error(`the script could not: ${JSON.stringify(broken, null, 2)}`)
  const resultsOf = (part: Line['part']): Results =>
    Object.fromEntries(lines.filter((line) => line.part === part).map(({ task, result }) => [task, result]))
  return { through: resultsOf('through'), past: resultsOf('past'), own: resultsOf('own') }
}

const variables = (
  prefix: string,
  { port, user, password, authorityFile }: Target,
): Readonly<Record<string, string>> => ({
  [`${prefix}_PORT`]: String(port),
  [`${prefix}_USER`]: user,
  [`${prefix}_PASSWORD`]: password,
  [`${prefix}_AUTHORITY`]: authorityFile,
})

/** The task's refusals, in order, are of these statements; what else it came to is returned. */
export function expectRefusals(stand: ClientStand, task: unknown, verbs: readonly string[]): RefusedTask {
  const { refused, ...rest } = task as RefusedTask
  for (const [index, verb] of verbs.entries()) expectRefusal(stand, (refused[index] ?? {}) as Refusal, verb)
  if (refused.length !== verbs.length) throw new Error(`refused were: ${JSON.stringify(refused)}`)
  return { refused, ...rest }
}
