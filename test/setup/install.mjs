// Installs the packages where they are missing or other ones than the lock says: what `npm test` needs, development
// packages included. Plain JavaScript for the machine's own Node.

import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const NODE = join(ROOT, 'node_modules/.bin', process.platform === 'win32' ? 'node.cmd' : 'node')

const json = (file) => JSON.parse(readFileSync(join(ROOT, file), 'utf8'))

/** npm writes down what it installed; packages for other platforms aren't among it. */
const differsFromLock = () => {
  if (!existsSync(join(ROOT, 'node_modules/.package-lock.json'))) return true
  const installed = json('node_modules/.package-lock.json').packages
  return Object.entries(json('package-lock.json').packages).some(
    ([path, { version, optional, link }]) =>
      path.includes('node_modules/') && !link && !optional && installed[path]?.version !== version,
  )
}

const pinnedNode = () => `v${json('package.json').dependencies.node}`
const nodeVersion = () => spawnSync(NODE, ['--version'], { encoding: 'utf8' }).stdout?.trim()

/** @returns what is wrong and what to do; undefined where everything is there */
export const ensurePackages = () => {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  if (differsFromLock()) {
    console.error('npm test: installing the packages with npm ci …')
    const env = { ...process.env }
    // Settings of the outer `npm test` that would reach the inner npm.
    for (const name of Object.keys(env)) if (/^npm_config_(?:omit|include|production)$/i.test(name)) delete env[name]
    env.NODE_ENV = 'development'
    const { status } = spawnSync(npm, ['ci', '--no-fund', '--no-audit'], { cwd: ROOT, stdio: 'inherit', env })
    if (status !== 0) return 'npm ci failed; its message is above.'
  }
  if (nodeVersion() === pinnedNode()) return undefined
  return (
    `node_modules/.bin/node is ${nodeVersion() || 'missing'}, not ${pinnedNode()}: the install script of the package ` +
    '`node` did not run. Allow install scripts (npm config ignore-scripts must be false), then: npm ci'
  )
}
