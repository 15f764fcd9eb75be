// psql: its own commands, scripts, refusals as it prints them, Ctrl-C, and what it says when it can't connect.

import { describe, expect, it } from 'vitest'
import { type ClientStand, longStatement, ORDERS, type Target } from './client-stand.ts'
import { expectRefusal, type Refusal } from './refusal.ts'
import { type ProgramOptions, type ProgramResult, runProgram } from './run-program.ts'

/** What psql shows of a database, by queries of its own that differ from version to version. */
const CATALOG = `
\\set VERBOSITY verbose
\\d
\\d customers
\\d+ kinds
\\d pg_catalog.pg_class
\\dt+
\\dn+
\\di
\\dv
\\dp
\\df lower
\\do <
\\dT+ int4
\\db
\\dC jsonb
\\dD
\\dF
\\dx
\\du
\\l
\\sf lower
\\z customers
\\drds
\\dRp
\\errverbose
\\encoding
`

const STATEMENTS = `
\\set VERBOSITY verbose
select * from kinds order by id;
\\x
select * from customers order by id limit 2;
\\x
select n, 'row ' || n from generate_series(1, 10000) n;
select 1 as a, 'x' as b \\gdesc
select 7 as seven \\gset
select :seven + 1 as eight;
select format('select %s as n', n) from generate_series(1, 2) n \\gexec
select 1 as a, 2 as b, 3 as c \\crosstabview
select 1 \\; select 2 \\; select 3;
begin;
select 1/0;
select 1;
rollback;
begin isolation level serializable read only;
savepoint a;
release a;
commit;
select nothing from customers;
\\errverbose
select 'Ünïcödé ✓ 🎉' as "Spalte ü";
set application_name = 'renamed';
show application_name;
show standard_conforming_strings;
\\set AUTOCOMMIT off
select 1;
commit;
`

/** The errors that psql printed with VERBOSITY verbose. */
function reportsIn(stderr: string): readonly Refusal[] {
  return stderr
    .split(/^(?=.*(?:ERROR|FATAL): {2})/m)
    .filter((text) => /(?:ERROR|FATAL): {2}/.test(text))
    .map((text) => ({
      sqlState: /(?:ERROR|FATAL): {2}(\w{5}):/.exec(text)?.[1],
      message: /(?:ERROR|FATAL): {2}(?:\w{5}: )?(.*)/.exec(text)?.[1],
      detail: /^DETAIL: {2}(.*)/m.exec(text)?.[1],
      hint: /^HINT: {2}(.*)/m.exec(text)?.[1],
    }))
}

type Settings = Partial<
  Record<'user' | 'password' | 'database' | 'sslmode' | 'sslrootcert' | 'channel_binding', string>
>

/** A URL such as people paste; the password comes by the environment, as a token of any length can. */
function psql(
  target: Target,
  args: readonly string[],
  settings: Settings = {},
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  const { user, password, database, ...ssl } = { ...target, ...settings }
  const { sslmode = 'verify-full', sslrootcert = target.authorityFile, channel_binding } = ssl
  const parameters = new URLSearchParams({
    sslmode,
    sslrootcert,
    ...(channel_binding === undefined ? {} : { channel_binding }),
  })
  const url = `postgresql://${encodeURIComponent(user)}@${target.host}:${target.port}/${database}?${parameters.toString()}`
  return runProgram('psql', ['-X', ...args, url], { ...options, env: { PGPASSWORD: password, ...options.env } })
}

export function testPsql(get: () => ClientStand): void {
  describe('psql', () => {
    it.each([
      ['its commands show', CATALOG],
      ['a script reads', STATEMENTS],
    ])('%s what they show without Sluice', async (_name, input) => {
      const { sluice, direct } = get()
      const [through, past] = await Promise.all([
        psql(sluice, ['-a'], {}, { input }),
        psql(direct, ['-a'], {}, { input }),
      ])
      expect(through).toEqual(past)
      expect(through.stdout.length).toBeGreaterThan(1_000)
    })

    it('knows whom and what it is connected to', async () => {
      const { sluice } = get()
      const { stdout } = await psql(sluice, ['-c', '\\conninfo'])
      expect(stdout).toContain('shop')
      expect(stdout).toContain(sluice.user)
    })

    it('prints values as they are', async () => {
      const { stdout } = await psql(get().sluice, [
        '-At',
        '-P',
        'null=∅',
        '-c',
        'select exact, word, bytes, words, doc from kinds order by id',
      ])
      expect(stdout.split('\n')).toEqual([
        '12345678901234567890.123456789|Ünïcödé ✓ 🎉 \'quoted\' "too" \\ \t|\\x00ff10deadbeef|{"a b","c,d","e\\"f",NULL,""}|{"a": [1, 2.5, null]}',
        '∅|∅|∅|∅|∅',
        'NaN||\\x|{}|null',
        '',
      ])
    })

    it('is refused where it asks too much, and goes on', async () => {
      const stand = get()
      // Since 15.20 psql drops what follows a \copy that failed, up to the end of its data.
      const input = `
        delete from orders;
        begin;
        update orders set status = 'gone';
        select 1;
        rollback;
        select 1 \\; drop table orders;
        \\copy customers to stdout
        \\copy orders from stdin
\\.
        copy orders to stdout;
        create temp table t as select 1;
        with gone as (delete from orders returning *) select * from gone;
        select 'alive' as still;
      `
      const { code, stdout, stderr } = await psql(stand.sluice, ['-At', '-v', 'VERBOSITY=verbose'], {}, { input })
      const reports = reportsIn(stderr)
      const failed = reports.filter(({ sqlState }) => sqlState === '25P02')
      const refused = reports.filter((report) => !failed.includes(report))
      expect(failed).toHaveLength(1)
      const verbs = ['DELETE', 'UPDATE', 'DROP TABLE', 'COPY', 'COPY', 'COPY', 'CREATE TABLE AS', '']
      expect(refused).toHaveLength(verbs.length)
      for (const [index, verb] of verbs.entries()) expectRefusal(stand, refused[index] as Refusal, verb)
      expect(stdout).toBe('BEGIN\nROLLBACK\nalive\n')
      expect(code).toBe(0)
      expect(await stand.orders()).toBe(ORDERS)
    })

    it('ends its script with status 3 at a refusal, where it was told so', async () => {
      const { code, stdout } = await psql(
        get().sluice,
        ['-At', '-v', 'ON_ERROR_STOP=1'],
        {},
        { input: 'drop table orders;\nselect 1;' },
      )
      expect([code, stdout]).toEqual([3, ''])
    })

    it('cancels at Ctrl-C', async () => {
      const stand = get()
      const result = await psql(
        stand.sluice,
        ['-v', 'VERBOSITY=verbose', '-c', longStatement('psql')],
        {},
        {
          onStart: async (child) => {
            await stand.untilRunning('psql')
            child.kill('SIGINT')
          },
        },
      )
      expect(result.stderr).toMatch(/ERROR: {2}57014: canceling statement due to user request/)
      await stand.untilStopped('psql')
    })

    it.each(['require', 'disable'])('connects with channel_binding=%s', async (channel_binding) => {
      const { stdout } = await psql(get().sluice, ['-At', '-c', 'select 1'], { channel_binding })
      expect(stdout).toBe('1\n')
    })

    it('connects by the printed URL, and by a token', async () => {
      const { proxy, sluice } = get()
      expect((await runProgram('psql', ['-X', '-At', '-c', 'select 1', proxy.url(sluice)])).stdout).toBe('1\n')
      const { stdout } = await psql(sluice, ['-At', '-c', 'select 1'], {
        user: 'agent',
        password: await proxy.issuer.token(),
      })
      expect(stdout).toBe('1\n')
    })

    it('asks for a password on a second connection, and takes it', async () => {
      const { proxy, sluice } = get()
      const failures = (): number => proxy.log().split(/ticket_invalid|handshake_failed/).length
      const before = failures()
      const { stdout, stderr } = await psql(
        sluice,
        ['-At', '-c', 'select 1'],
        { password: '' },
        { input: `${sluice.password}\n` },
      )
      expect([stdout, stderr.trim()]).toEqual(['1\n', `Password for user ${sluice.user}:`])
      // Hanging up where the password is asked for is no failed login.
      expect(failures()).toBe(before)
    })

    it('says why it cannot connect', async () => {
      const { proxy, sluice, direct } = get()
      const login = async (settings: Settings): Promise<Pick<ProgramResult, 'code' | 'stderr'>> => {
        const { code, stderr } = await psql(sluice, ['-w', '-c', 'select 1'], settings)
        return { code, stderr }
      }
      const said = (pattern: RegExp) => ({ code: 2, stderr: expect.stringMatching(pattern) })
      expect(await login({ password: 'wrong' })).toEqual(
        said(/FATAL: {2}sluice: the ticket is not valid\nHINT: {2}Get a fresh ticket/),
      )
      expect(await login({ user: 'agent.zzzzzzzz' })).toEqual(said(/FATAL: {2}sluice: the ticket is not valid/))
      expect(await login(await proxy.ticket({ ttlMs: 1 }))).toEqual(
        said(/FATAL: {2}sluice: the ticket has expired\nHINT/),
      )
      expect(await login({ database: 'nowhere' })).toEqual(
        said(/FATAL: {2}sluice: there is no such connection for you\nHINT/),
      )
      expect(await login(await proxy.ticket({ connection: 'other' }))).toEqual(said(/no such connection for you/))
      expect(await login({ sslmode: 'disable' })).toEqual(said(/not encrypted\nHINT: {2}.*sslmode=verify-full/))
      expect(await login({ sslrootcert: direct.authorityFile })).toEqual(said(/certificate verify failed/))
      const expired = await proxy.issuer.token({ expiresInSeconds: -120 })
      expect(await login({ user: 'agent', password: expired })).toEqual(said(/FATAL: {2}sluice: .*expired.*\nHINT/))
    })
  })
}
