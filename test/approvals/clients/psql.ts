// psql: the notice while it waits, Ctrl-C, and what happens when it is gone from one moment to the next.

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ProgramResult, runProgram } from '../../gateway/clients/run-program.ts'
import clients from '../../setup/clients.json' with { type: 'json' }
import type { HeldStand, Notice } from './held-stand.ts'

type OnNotice = (notice: Notice, child: ChildProcess) => unknown

const DEADLINE_MS = 15_000
const NOTICE = /NOTICE: {2}00000: (.*)\nDETAIL: {2}(.*)\nHINT: {2}(.*)\n/g

const CTRL_C = '\u0003'
const PYTHON = join(fileURLToPath(new URL('../../../', import.meta.url)), clients.python)
const ON_A_TERMINAL = ['-c', 'import pty, sys; pty.spawn(sys.argv[1:])']

const urlOf = ({ login, port, authorityFile }: HeldStand): string => {
  const parameters = new URLSearchParams({ sslmode: 'verify-full', sslrootcert: authorityFile })
  return `postgresql://${encodeURIComponent(login.user)}@localhost:${port}/shop?${parameters.toString()}`
}

/** psql as a person sees it, with a keyboard. */
function openTerminal(stand: HeldStand) {
  const env = { PATH: process.env['PATH'], HOME: '/nonexistent', LC_ALL: 'C', PGPASSWORD: stand.login.password }
  const child = spawn(PYTHON, [...ON_A_TERMINAL, 'psql', '-X', '-At', '-n', '-P', 'pager=off', urlOf(stand)], {
    env,
    timeout: DEADLINE_MS,
  })
  onTestFinished(() => void child.kill())
  let shown = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      shown += text
    })
  }
  return {
    press: (key: string) => child.stdin.write(key),
    type: (line: string) => child.stdin.write(`${line}\n`),
    shows: (what: RegExp) => expect.poll(() => shown, { timeout: DEADLINE_MS, interval: 10 }).toMatch(what),
    ended: once(child, 'close'),
  }
}

/** Each statement by itself; what psql prints of a notice is told as soon as it is there. */
async function psql(stand: HeldStand, input: string, onNotice: OnNotice): Promise<ProgramResult> {
  const handled: Promise<unknown>[] = []
  const result = await runProgram('psql', ['-X', '-At', '-v', 'VERBOSITY=verbose', urlOf(stand)], {
    env: { PGPASSWORD: stand.login.password },
    input,
    onStart: async (child) => {
      let stderr = ''
      let told = 0
      child.stderr?.on('data', (text: string) => {
        stderr += text
        const notices = [...stderr.matchAll(NOTICE)]
        for (const [, message = '', detail = '', hint = ''] of notices.slice(told)) {
          handled.push(Promise.resolve(onNotice({ message, detail, hint }, child)))
        }
        told = notices.length
      })
    },
  })
  await Promise.all(handled)
  return result
}

export function testPsql(get: () => HeldStand): void {
  describe('psql', () => {
    const reviewed = (input: string) => psql(get(), input, (notice) => get().review(notice))

    it('prints the notice while it waits, and the result when it was approved', async () => {
      const notices: Notice[] = []
      const { stdout, stderr, code } = await psql(
        get(),
        `update agreed set word = 'psql' where id = 21;
         insert into agreed (word) values ('psql returning') returning word;
         select 'alive';`,
        (notice) => {
          notices.push(notice)
          return get().review(notice)
        },
      )
      expect([stdout, code]).toEqual(['UPDATE 1\npsql returning\nINSERT 0 1\nalive\n', 0])
      expect(stderr).not.toContain('ERROR')
      expect(notices).toHaveLength(2)
      expect(notices[0]?.hint).toContain('sluice approvals')
      expect(await get().column('select word from agreed where id = 21')).toEqual(['psql'])
    })

    it('is refused with who and why, and goes on', async () => {
      const { stdout, stderr } = await reviewed(`
        update refused set word = 'psql' where id = 1;
        begin;
        update agreed set word = 'psql undone' where id = 22;
        update refused set word = 'psql' where id = 1;
        select 'never';
        commit;
        select 'alive';
      `)
      expect(stdout).toBe('BEGIN\nUPDATE 1\nROLLBACK\nalive\n')
      expect(
        stderr.match(/ERROR: {2}42501: sluice: UPDATE on connection shop was refused: .*olivia.* on a Friday/g),
      ).toHaveLength(2)
      expect(stderr).toContain('ERROR:  25P02')
      expect(
        await get().column('select word from agreed where id = 22 union all select word from refused where id = 1'),
      ).toEqual(['new', 'new'])
    })

    it('keeps both of two commands of a transaction, and neither where it goes back', async () => {
      const { stdout } = await reviewed(`
        begin;
        update agreed set word = 'psql one' where id = 23;
        update agreed set word = 'psql two' where id = 24;
        commit;
        begin;
        savepoint here;
        update agreed set word = 'psql never' where id = 23;
        rollback to here;
        commit;
      `)
      expect(stdout).toBe('BEGIN\nUPDATE 1\nUPDATE 1\nCOMMIT\nBEGIN\nSAVEPOINT\nUPDATE 1\nROLLBACK\nCOMMIT\n')
      expect(await get().column('select word from agreed where id in (23, 24) order by id')).toEqual([
        'psql one',
        'psql two',
      ])
    })

    it('is told when nobody decided in time', async () => {
      const { stdout, stderr } = await reviewed(`update brief set word = 'psql' where id = 2; select 'alive';`)
      expect(stdout).toBe('alive\n')
      expect(stderr).toMatch(/ERROR: {2}42501: sluice: .* nobody decided in time/)
    })

    it('stops waiting at Ctrl-C', async () => {
      const { stderr } = await psql(get(), `update silent set word = 'psql cancel' where id = 2;`, (_notice, child) =>
        child.kill('SIGINT'),
      )
      expect(stderr).toContain('ERROR:  57014: canceling statement due to user request')
      expect(await get().withdrawals('psql cancel')).toEqual(['cancelled'])
    })

    it('goes on after Ctrl-C at a terminal', async () => {
      const terminal = openTerminal(get())
      terminal.type(`update silent set word = 'psql at a terminal' where id = 2;`)
      await terminal.shows(/NOTICE: {2}sluice: held until a person/)
      terminal.press(CTRL_C)
      await terminal.shows(/ERROR: {2}canceling statement due to user request/)
      terminal.type(`select 'ali' || 've';`)
      await terminal.shows(/alive/)
      terminal.type('\\q')
      await terminal.ended
      expect(await get().withdrawals('psql at a terminal')).toEqual(['cancelled'])
    })

    it('withdraws what it asked when it is killed', async () => {
      const { stdout, code } = await psql(
        get(),
        `update silent set word = 'psql killed' where id = 3; select 'alive';`,
        (_notice, child) => child.kill('SIGKILL'),
      )
      expect([stdout, code]).toEqual(['', null])
      expect(await get().withdrawals('psql killed')).toEqual(['client_left'])
    })

    it('is told what PostgreSQL says of the command, after the approval', async () => {
      const { stdout, stderr } = await reviewed(`insert into agreed (id) values (1); select 'alive';`)
      expect(stderr).toContain(
        'ERROR:  23505: duplicate key value violates unique constraint "agreed_pkey"\nDETAIL:  Key (id)=(1) already exists.',
      )
      expect(stdout).toBe('alive\n')
    })

    it('changes 10,000 rows at once', async () => {
      const { stdout } = await reviewed(`insert into agreed (word) select 'psql row' from generate_series(1, 10000);`)
      expect(stdout).toBe('INSERT 0 10000\n')
      const [asked] = await get().asked('psql row')
      expect(asked?.requested.estimatedRows).toBe(10_000)
    })
  })
}
