/** `sluice`: reads what was typed and hands it to a verb. Verbs are loaded when they are used, so that `--help` is fast. */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { CliFailure, EXIT_CODES, type ExitCode } from './failure.ts'
import { escapeLines } from './terminal/escape.ts'
import { type Output, outputTo } from './terminal/output.ts'
import type { VerbContext } from './verbs/context.ts'
import type { UpFlags } from './verbs/up.ts'

process.exitCode = await main(process.argv.slice(2), process.env)

async function main(argv: readonly string[], environment: NodeJS.ProcessEnv): Promise<ExitCode> {
  const output = outputTo(process.stdout, environment)
  let exitCode: ExitCode = EXIT_CODES.ok
  const program = programFor(output, environment, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
    return reported(error, environment)
  }
}

function reported(error: unknown, environment: NodeJS.ProcessEnv): ExitCode {
  // Commander has said it already: help, version, or what was typed wrong.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage
  const known = error instanceof CliFailure || (error instanceof Error && 'code' in error)
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`sluice: ${escapeLines(message)}\n`)
  if (environment['SLUICE_DEBUG'] || !known) process.stderr.write(`${escapeLines(String((error as Error).stack))}\n`)
  return error instanceof CliFailure ? error.exitCode : EXIT_CODES.failed
}

function programFor(output: Output, environment: NodeJS.ProcessEnv, exit: (code: ExitCode) => void): Command {
  const program = new Command('sluice')
    .description('The governed data path for AI agents.')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .option('--state <dir>', "the demo's state folder (default: .sluice in the clone; also SLUICE_STATE)")
    .addHelpText(
      'after',
      `
Questions go to the demo that runs here, or to SLUICE_URL with SLUICE_TOKEN and the CA in SLUICE_CA.
Exit codes: 0 done, 1 failed, 2 typed wrong, 3 no valid token, 4 not allowed, 5 not found,
6 nothing answers there, 7 no longer possible (an approval has ended, or this person has voted).`,
    )
  const context: ContextOf = (verb) => ({
    output,
    environment,
    stateDir: stateDirOf(verb.optsWithGlobals(), environment),
  })
  addUp(program, context, exit)
  addQuestions(program, context)
  addMasking(program, context)
  addApprovals(program, context)
  addPolicy(program, context, exit)
  return program
}

type ContextOf = (verb: Command) => VerbContext
type Exit = (code: ExitCode) => void

function addUp(program: Command, context: ContextOf, exit: Exit): void {
  program
    .command('up')
    .description('start the demo with all its parts, until Ctrl-C')
    .option('--fresh', 'delete what earlier starts made and recorded, and begin anew')
    .option('--ready-file <file>', 'write addresses and tokens there (0600) once everything is ready')
    .option('--proxy-port <port>', 'where clients connect (default: 15432; 0 takes a free one)', portNumber)
    .option('--console-port <port>', 'where the console listens (default: 15443; 0 takes a free one)', portNumber)
    .option('--free-ports', 'take free ports for everything')
    .action(async (options: UpFlags, verb: Command) => {
      const { runUp } = await import('./verbs/up.ts')
      exit(await runUp(options, context(verb)))
    })
}

function addQuestions(program: Command, context: ContextOf): void {
  asking(program, 'token', 'a ticket for a native client, such as psql', 'agent')
    .option('--connection <name>', 'bind it to one connection (default: shop in the demo)')
    .option('--task <text>', 'what it is for; stands in the record')
    .option('--ttl <seconds>', 'how long it lasts (default: 900, at most 3600)', positiveInteger)
    .action(async (options, verb: Command) => {
      const { runToken } = await import('./verbs/token.ts')
      await runToken(options, context(verb))
    })
  asking(program, 'sessions', 'who was here: the latest sessions')
    .option('--limit <n>', 'at most so many (default: 100)', positiveInteger)
    .action(async (options, verb: Command) => {
      const { runSessions } = await import('./verbs/sessions.ts')
      await runSessions(options, context(verb))
    })
  asking(program, 'replay <session>', 'what happened in a session; its id may be shortened').action(
    async (session: string, options, verb: Command) => {
      const { runReplay } = await import('./verbs/replay.ts')
      await runReplay(session, options, context(verb))
    },
  )
  asking(program, 'who <object>', 'who used a table or a column (customers, customers.ssn)')
    .option('--since <when>', 'how far back: 1h, 7d, or a date (default: 1d)', '1d')
    .option('--limit <n>', 'at most so many (default: 100)', positiveInteger)
    .action(async (object: string, options, verb: Command) => {
      const { runWho } = await import('./verbs/who.ts')
      await runWho(object, options, context(verb))
    })
  asking(program, 'sql <query>', 'ask ClickHouse: one SELECT on what was recorded').action(
    async (query: string, options, verb: Command) => {
      const { runSql } = await import('./verbs/sql.ts')
      await runSql(query, options, context(verb))
    },
  )
  asking(program, 'keys', 'whose signatures count: the certificates of all services', 'admin').action(
    async (options, verb: Command) => {
      const { runKeys } = await import('./verbs/keys.ts')
      await runKeys(options, context(verb))
    },
  )
}

function addMasking(program: Command, context: ContextOf): void {
  const mask = program.command('mask').description('what is masked, and why')
  asking(mask, 'plan <connection>', 'each column, what happens to it, and why', 'agent')
    .option('--like <text>', 'only columns with this in schema.table.column; * is anything')
    .action(async (connection: string, options, verb: Command) => {
      const { runMaskPlan } = await import('./verbs/mask.ts')
      await runMaskPlan(connection, options, context(verb))
    })
  asking(mask, 'explain <sql>', 'what each output of a statement is made of, and what happens to it', 'agent')
    .option('--connection <name>', 'where it would run (default: shop in the demo)')
    .action(async (sql: string, options, verb: Command) => {
      const { runMaskExplain } = await import('./verbs/mask.ts')
      await runMaskExplain(sql, options, context(verb))
    })
  asking(program, 'findings', 'sensitive data that was seen where no rule expected it')
    .option('--connection <name>', 'of one connection only')
    .action(async (options, verb: Command) => {
      const { runFindings } = await import('./verbs/findings.ts')
      await runFindings(options, context(verb))
    })
  asking(program, 'reveal <token>', 'the value that a token stands for, where policies permit it')
    .option('--connection <name>', 'where the token comes from (default: shop in the demo)')
    .action(async (token: string, options, verb: Command) => {
      const { runReveal } = await import('./verbs/mask.ts')
      await runReveal(token, options, context(verb))
    })
}

function addApprovals(program: Command, context: ContextOf): void {
  asking(program, 'approvals', 'what waits for a person; with a code, one of them in full')
    .argument('[code]', 'all eight characters, such as K7QM-2XPD')
    .option('--all', 'what has ended as well')
    .option('--watch', 'go on until Ctrl-C; in a pipe a line for each change')
    .action(async (code: string | undefined, options, verb: Command) => {
      const { runApprovals } = await import('./verbs/approvals.ts')
      await runApprovals(code, options, context(verb))
    })
  const voting = (name: 'approve' | 'deny', description: string) =>
    asking(program, `${name} <code>`, description).action(async (code: string, options, verb: Command) => {
      const { runVote } = await import('./verbs/vote.ts')
      await runVote(name, code, options, context(verb))
    })
  voting('approve', 'let a held statement run').option('--reason <text>', 'why; stands in the record')
  voting('deny', 'refuse a held statement').requiredOption('--reason <text>', 'why; whoever asked is told')
}

function addPolicy(program: Command, context: ContextOf, exit: Exit): void {
  const policy = program.command('policy').description('who may do what: check, test, apply and explain policies')
  const local = (usage: string, description: string) =>
    policy
      .command(usage)
      .description(description)
      .option('--config <dir>', 'the folder with sluice.yaml (default: the state folder)')
      .option('--json', 'as JSON, for programs')
  local('check', 'find mistakes in sluice.yaml and policies/*.cedar').action(async (options, verb: Command) => {
    const { runPolicyCheck } = await import('./policies/check.ts')
    exit(await runPolicyCheck(options, context(verb)))
  })
  local('test', 'run the cases of policies/tests/*.yaml').action(async (options, verb: Command) => {
    const { runPolicyTest } = await import('./policies/test.ts')
    exit(await runPolicyTest(options, context(verb)))
  })
  local('apply', 'check, run the cases, and put them in force')
    .option('--untested', 'although cases are not as expected')
    .option('--as <name>', 'in the demo: be agent, owner or admin (default: admin)')
    .action(async (options, verb: Command) => {
      const { runPolicyApply } = await import('./policies/apply.ts')
      exit(await runPolicyApply(options, context(verb)))
    })
  local('explain <sql>', 'what the policies say to a statement, and why')
    .requiredOption('--as <subject>', 'who would ask; in the demo: agent, owner or admin')
    .option('--kind <kind>', 'human, agent or service (default: agent, or as in the demo)')
    .option('--groups <names>', 'their groups, with commas between them')
    .option('--on-behalf-of <id>', 'who they would act for')
    .option('--on <connection>', 'the connection (default: the only one there is)')
    .option('--purpose <text>', 'the task that the ticket would name')
    .action(async (sql: string, options, verb: Command) => {
      const { runPolicyExplain } = await import('./policies/explain.ts')
      await runPolicyExplain(sql, options, context(verb))
    })
}

function asking(program: Command, usage: string, description: string, otherwise = 'owner'): Command {
  return program
    .command(usage)
    .description(description)
    .option('--as <name>', `in the demo: be agent, owner or admin (default: ${otherwise})`)
    .option('--json', 'as JSON, for programs')
}

function stateDirOf(options: { state?: string }, environment: NodeJS.ProcessEnv): string | null {
  return options.state ?? environment['SLUICE_STATE'] ?? null
}

function portNumber(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port
  throw new InvalidArgumentError('a port is a number from 0 to 65535.')
}

function positiveInteger(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('it must be a number above 0.')
}
