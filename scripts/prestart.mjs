/**
 * Runs before `npm start`, on the machine's own Node from 20 on: installs what the lock pins where that is needed, and
 * makes sure that the pinned Node is really there. A start that finds all in place pays next to nothing.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasDevelopmentTools, installState, markInstalled } from './install-state.mjs'

const OLDEST_NODE = 20
const OLDEST_NPM = 10
const root = dirname(dirname(fileURLToPath(import.meta.url)))

checkMachine()
if (installState(root) !== 'current') install()
checkPinnedNode()
markInstalled(root)

function checkMachine() {
  const node = Number(process.versions.node.split('.')[0])
  if (node < OLDEST_NODE) {
    stop(
      `this is Node ${process.versions.node}; Sluice installs with Node ${OLDEST_NODE} or newer. Update Node, then run npm start again`,
    )
  }
  const npm = /^npm\/(\d+)/.exec(process.env['npm_config_user_agent'] ?? '')?.[1]
  if (npm !== undefined && Number(npm) < OLDEST_NPM) {
    stop(`this is npm ${npm}; Sluice installs with npm ${OLDEST_NPM} or newer. Run: npm install --global npm@latest`)
  }
}

function install() {
  const extent = hasDevelopmentTools(root) ? [] : ['--omit=dev']
  console.log('  installing the pinned packages (about a minute, once) …')
  const started = performance.now()
  const { command, before } = npmCommand()
  const { status, error } = spawnSync(
    command,
    [...before, 'ci', ...extent, '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  )
  if (error !== undefined) stop(`npm can't be run (${error.message}); install npm ${OLDEST_NPM} or newer`)
  if (status !== 0) {
    stop(
      'the packages could not be installed; npm says why above. Check the network, the disk and your npm settings, then run npm start again',
    )
  }
  console.log(`  installed in ${Math.round((performance.now() - started) / 1000)} s`)
}

/** The npm that runs this script, on the Node that it runs on itself: node_modules, with the pinned one, is about to be replaced. */
function npmCommand() {
  const script = process.env['npm_execpath']
  const node = process.env['npm_node_execpath']
  if (script === undefined || !script.endsWith('.js')) return { command: 'npm', before: [] }
  const outside = node !== undefined && !node.startsWith(join(root, 'node_modules')) ? node : process.execPath
  return { command: outside, before: [script] }
}

function checkPinnedNode() {
  const pinned = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).dependencies.node
  const program = join(root, 'node_modules/.bin/node')
  const repair = 'run: npm rebuild --ignore-scripts=false'
  if (!existsSync(program)) {
    stop(
      `the pinned Node ${pinned} is missing, because npm did not run the install script of the package "node"; ${repair}`,
    )
  }
  const { status, stdout, error } = spawnSync(program, ['--version'], { encoding: 'utf8' })
  if (status !== 0)
    stop(`the pinned Node ${pinned} does not run here (${error?.message ?? `exit code ${status}`}); ${repair}`)
  const found = stdout.trim().replace(/^v/, '')
  if (found !== pinned) stop(`found Node ${found} in place of the pinned ${pinned}; ${repair}`)
}

/** @param {string} message @returns {never} */
function stop(message) {
  console.error(`sluice: ${message}`)
  process.exit(1)
}
