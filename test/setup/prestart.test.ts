import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')

/** A clone with everything installed but the pinned Node, which the test supplies. */
function clone(nodeSays: string | null): string {
  const root = mkdtempSync(join(tmpdir(), 'sluice-prestart-'))
  onTestFinished(() => rmSync(root, { recursive: true }))
  cpSync(join(ROOT, 'scripts'), join(root, 'scripts'), { recursive: true })
  cpSync(join(ROOT, 'sluice'), join(root, 'sluice'))
  writeFileSync(join(root, 'package.json'), JSON.stringify({ dependencies: { node: '26.10.0' } }))
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: {} }))
  mkdirSync(join(root, 'node_modules/.bin'), { recursive: true })
  writeFileSync(join(root, 'node_modules/.package-lock.json'), JSON.stringify({ packages: {} }))
  if (nodeSays !== null) {
    writeFileSync(join(root, 'node_modules/.bin/node'), `#!/bin/sh\necho ${nodeSays}\n`)
    chmodSync(join(root, 'node_modules/.bin/node'), 0o755)
  }
  return root
}

function run(program: string, ...words: string[]) {
  const { status, stdout, stderr } = spawnSync(program, words, { encoding: 'utf8' })
  return { status, stdout, stderr }
}

const prestart = (root: string) => run(process.execPath, join(root, 'scripts/prestart.mjs'))

describe('before a start', () => {
  it('nothing is said or done where all is in place', () => {
    expect(prestart(clone('v26.10.0'))).toEqual({ status: 0, stdout: '', stderr: '' })
  })

  it('one is told what to do where npm ran no install scripts, so that no other Node is used in silence', () => {
    const missing = prestart(clone(null))
    expect(missing.status).toBe(1)
    expect(missing.stderr).toContain('npm did not run the install script')
    expect(missing.stderr).toContain('npm rebuild --ignore-scripts=false')
    expect(prestart(clone('v20.1.0')).stderr).toContain('found Node 20.1.0 in place of the pinned 26.10.0')
  })
})

describe('the launcher', () => {
  it('says what to run where nothing is installed', () => {
    const root = clone(null)
    expect(run(join(root, 'sluice'), 'sessions')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('npm start'),
    })
  })

  it('finds the clone through links, from anywhere', () => {
    const dir = mkdtempSync(join(tmpdir(), 'sluice-link-'))
    onTestFinished(() => rmSync(dir, { recursive: true }))
    symlinkSync(join(ROOT, 'sluice'), join(dir, 'one'))
    symlinkSync('one', join(dir, 'two'))
    const { status, stdout } = run(join(dir, 'two'), '--help')
    expect(status).toBe(0)
    for (const verb of ['up', 'token', 'sessions', 'replay', 'who', 'sql'])
      expect(stdout).toMatch(new RegExp(`^ +${verb} `, 'm'))
  })
})
