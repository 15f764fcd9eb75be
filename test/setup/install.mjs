// Installs the packages where they are missing or other ones than the lock says: what `npm test` needs, development
// packages included. Plain JavaScript for the machine's own Node.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { markInstalled, satisfies } from '../../scripts/install-state.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const INSTALLED = join(ROOT, 'node_modules/.package-lock.json')

const json = (file) => JSON.parse(readFileSync(file, 'utf8'))

/** Every package of the lock with the development ones; a start does without those. */
const isComplete = () => {
  if (!existsSync(INSTALLED)) return false
  const { packages } = json(join(ROOT, 'package-lock.json'))
  const wanted = Object.entries(packages).map(([path, entry]) => [path, { ...entry, dev: false, devOptional: false }])
  return satisfies(json(INSTALLED).packages, Object.fromEntries(wanted))
}

/** The npm that runs this, on a Node outside of node_modules: what lies in there is about to be replaced. */
const npmCommand = () => {
  const { npm_execpath: script, npm_node_execpath: node } = process.env
  if (!script?.endsWith('.js')) return ['npm']
  return [node === undefined || node.startsWith(join(ROOT, 'node_modules')) ? process.execPath : node, script]
}

const install = () => {
  const env = { ...process.env, NODE_ENV: 'development' }
  // Settings of the outer npm that would make the inner one leave the development packages out.
  for (const name of Object.keys(env)) if (/^npm_config_(?:omit|include|production)$/i.test(name)) delete env[name]
  const [command, ...before] = npmCommand()
  const args = [...before, 'ci', '--no-fund', '--no-audit', '--loglevel=error']
  return spawnSync(command, args, { cwd: ROOT, stdio: ['ignore', process.stderr, process.stderr], env }).status === 0
}

/** @returns what is wrong and what to do; undefined where everything is there */
export const ensurePackages = () => {
  if (!isComplete()) {
    console.error('npm test: installing the packages, with the development ones (a minute or two, once) …')
    if (!install()) return 'the packages could not be installed; npm says why above'
    markInstalled(ROOT)
  }
  const pinned = `v${json(join(ROOT, 'package.json')).dependencies.node}`
  const node = spawnSync(join(ROOT, 'node_modules/.bin/node'), ['--version'], { encoding: 'utf8' })
  const found = node.stdout?.trim() || 'missing'
  if (found === pinned) return undefined
  return `the pinned Node ${pinned} is ${found}: its install script did not run. Run: npm rebuild --ignore-scripts=false`
}
