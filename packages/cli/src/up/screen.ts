/** What a person sees while Sluice starts and runs. */
import { relative } from 'node:path'
import type { ReadyMessage } from '@sluice/service'
import type { TicketAnswer } from '../console/client.ts'
import { escapeLines } from '../terminal/escape.ts'
import type { Output } from '../terminal/output.ts'
import { padTo } from '../terminal/width.ts'
import type { ChildOutcome } from './child.ts'
import { DEFAULT_STATE_DIR } from './layout.ts'
import type { Part } from './parts.ts'

const TITLE_COLUMNS = 12
const WHAT_COLUMNS = 44

export type CopyBlock = {
  readonly ticket: TicketAnswer
  readonly proxyPort: number
  readonly caFile: string
  readonly stateDir: string
  readonly workingDir: string
}

export class Screen {
  readonly #output: Output

  constructor(output: Output) {
    this.#output = output
  }

  node(version: string): void {
    this.#row('Node', `${version.replace(/^v/, '')} (pinned)`, '')
  }

  ready(part: Part, message: ReadyMessage): void {
    const { what, where } = part.describe(message)
    this.#row(part.title, what, where)
  }

  crashed(name: string, { code, signal }: ChildOutcome, delayMs: number): void {
    const how = signal ?? (code === null ? 'it could not be started' : `exit code ${code}`)
    this.#output.line(this.#output.style.warn(`  ! ${name} ended (${how}); it starts again in ${delayMs / 1_000} s`))
  }

  back(name: string): void {
    this.#output.line(`  ${this.#output.style.good('✔')} ${name} is back`)
  }

  stopping(): void {
    this.#output.line('\n  stopping …')
  }

  stopped(stateDir: string, workingDir: string): void {
    this.#output.line(`  stopped; what was recorded is in ${shortest(stateDir, workingDir)}`)
  }

  copyBlock(block: CopyBlock): void {
    for (const line of copyBlock(block)) this.#output.line(line)
  }

  failed(name: string, message: string, logFile: string | undefined, workingDir: string): void {
    const { style, line } = this.#output
    line(style.bad(`  ✘ ${name}: ${escapeLines(message)}`))
    if (logFile !== undefined) line(`    its log: ${shortest(logFile, workingDir)}`)
  }

  #row(title: string, what: string, where: string): void {
    const mark = this.#output.style.good('✔')
    this.#output.line(`  ${mark} ${padTo(title, TITLE_COLUMNS)}${padTo(what, WHAT_COLUMNS)}${where}`.trimEnd())
  }
}

/** Names only what exists: a verb that is not there yet would be the first thing that a new user tries. */
export function copyBlock({ ticket, proxyPort, caFile, stateDir, workingDir }: CopyBlock): string[] {
  const ca = shortest(caFile, workingDir)
  const state = shortest(stateDir, workingDir)
  const sluice = stateDir === DEFAULT_STATE_DIR ? './sluice' : `./sluice --state ${state}`
  const url = `postgresql://${ticket.user}@localhost:${proxyPort}/shop?sslmode=verify-full&sslrootcert=${ca}`
  return [
    '',
    '  Be the agent (a second terminal):',
    `    psql "${url}"`,
    `      password: ${ticket.secret}   (15 minutes; again: ${sluice} token --as agent)`,
    '  Try:',
    '    select name, email, ssn from customers limit 3;         (the values themselves do not come out)',
    "    update orders set status = 'shipped' where id = 7;      (waits until the data owner approves)",
    '    drop table customers;                                   (refused, and the session lives)',
    '  Be the data owner (a third):',
    `    ${sluice} approvals --as owner`,
    `    ${sluice} approve CODE --reason "ticket 4711" --as owner`,
    `    ${sluice} sessions`,
    `    ${sluice} who customers.ssn --since 1h`,
    `    ${sluice} replay SESSION`,
    '  Be the security engineer:',
    `    ${sluice} mask plan shop`,
    `    ${sluice} mask explain "select max(ssn) from customers"`,
    `    ${sluice} findings`,
    `    ${sluice} policy explain --as agent "drop table customers"`,
    '',
    `  This is a demo: whoever can read ${state} can be everyone in it.`,
    `  Ctrl-C stops everything; what was recorded stays in ${state}.`,
  ]
}

/** Relative where that is shorter and does not climb. */
function shortest(path: string, workingDir: string): string {
  const short = relative(workingDir, path)
  return short === '' || short.startsWith('..') ? path : short
}
