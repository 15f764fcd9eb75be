// The foreign clients that the end-to-end tests drive: psql, psycopg, pgjdbc. Plain JavaScript: it runs on the
// machine's own Node, before anything is known to be installed.

import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CLIENTS = JSON.parse(readFileSync(new URL('clients.json', import.meta.url), 'utf8'))
const INSTALL_TIMEOUT_MS = 300_000

const succeeds = (command, args) => spawnSync(command, args, { stdio: 'ignore' }).status === 0

/** Runs a step with its output on stderr; true when it succeeded. */
const run = (command, args, env = {}) =>
  spawnSync(command, args, {
    cwd: ROOT,
    stdio: ['ignore', process.stderr, process.stderr],
    timeout: INSTALL_TIMEOUT_MS,
    env: { ...process.env, ...env },
  }).status === 0

const isRoot = () => process.getuid?.() === 0
let aptIsFresh = false

/** Installs Debian packages where that needs no question: as root, with apt-get there. */
const apt = (packages) => {
  if (!isRoot() || !succeeds('apt-get', ['--version'])) return false
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  if (!aptIsFresh) aptIsFresh = run('apt-get', ['update', '-qq'], env)
  return run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...packages], env)
}

const python = join(ROOT, CLIENTS.python)
const pgjdbc = join(ROOT, CLIENTS.pgjdbc)

const installPsycopg = () => {
  const venv = dirname(dirname(python))
  rmSync(venv, { recursive: true, force: true })
  mkdirSync(dirname(venv), { recursive: true })
  const made = () => run('python3', ['-m', 'venv', venv])
  if (!made() && !(apt(['python3-venv']) && made())) return false
  return run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', CLIENTS.pins.psycopg])
}

const installPgjdbc = () => {
  mkdirSync(dirname(pgjdbc), { recursive: true })
  const { mavenDependencyPlugin, pgjdbc: artifact } = CLIENTS.pins
  const copied = run('mvn', [
    '-B',
    '-q',
    `${mavenDependencyPlugin}:copy`,
    `-Dartifact=${artifact}`,
    `-DoutputDirectory=${dirname(pgjdbc)}`,
    '-Dmdep.stripVersion=true',
  ])
  if (copied) writeFileSync(`${pgjdbc}.pin`, artifact)
  return copied
}

const psycopgVersion = CLIENTS.pins.psycopg.split('==')[1]

/** In this order: each may need the ones before it. */
const PARTS = [
  {
    name: 'psql',
    present: () => succeeds('psql', ['--version']),
    install: () => apt(['postgresql-client']),
    advice: 'sudo apt-get install postgresql-client      (macOS: brew install libpq)',
  },
  {
    name: `psycopg ${psycopgVersion}`,
    present: () =>
      succeeds(python, ['-c', `import psycopg, sys; sys.exit(psycopg.__version__ != '${psycopgVersion}')`]),
    install: installPsycopg,
    advice: `python3 -m venv ${dirname(dirname(CLIENTS.python))} && ${CLIENTS.python} -m pip install '${CLIENTS.pins.psycopg}'`,
  },
  {
    name: 'a Java development kit, 11 or newer',
    present: () => succeeds('javac', ['-version']),
    install: () => apt(['default-jdk-headless']),
    advice: 'sudo apt-get install default-jdk-headless   (macOS: brew install openjdk)',
  },
  {
    name: 'Maven',
    present: () => existsSync(pgjdbc) || succeeds('mvn', ['-v']),
    install: () => apt(['maven']),
    advice: 'sudo apt-get install maven                  (macOS: brew install maven)',
  },
  {
    name: `pgjdbc ${CLIENTS.pins.pgjdbc.split(':')[2]}`,
    present: () =>
      existsSync(pgjdbc) &&
      existsSync(`${pgjdbc}.pin`) &&
      readFileSync(`${pgjdbc}.pin`, 'utf8') === CLIENTS.pins.pgjdbc,
    install: installPgjdbc,
    advice: `mvn ${CLIENTS.pins.mavenDependencyPlugin}:copy -Dartifact=${CLIENTS.pins.pgjdbc} -DoutputDirectory=${dirname(CLIENTS.pgjdbc)} -Dmdep.stripVersion=true`,
  },
]

/** Installs what is absent; returns a line with the command to type for each part that could not be had. */
export const ensureClients = () => {
  const missing = []
  for (const { name, present, install, advice } of PARTS) {
    if (present()) continue
    console.error(`npm test: installing ${name} for the end-to-end tests …`)
    if (!install() || !present()) missing.push(`  ${name}\n    ${advice}`)
  }
  return missing
}
