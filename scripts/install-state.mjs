/** What is installed, and whether it is what the lock says. Plain JavaScript: it runs on any Node from 20 on, before anything is installed. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const MARKER = 'node_modules/.sluice-installed'

/** @param {string} root the clone's folder */
export function lockHash(root) {
  const hash = createHash('sha256')
  for (const file of ['package-lock.json', 'package.json']) hash.update(readFileSync(join(root, file)))
  return hash.digest('hex')
}

/**
 * 'current' where the marker says so or what npm installed matches the lock; 'outdated' where something else is installed;
 * 'none' where nothing is.
 * @param {string} root
 * @returns {'current' | 'outdated' | 'none'}
 */
export function installState(root) {
  if (readOrNull(join(root, MARKER)) === lockHash(root)) return 'current'
  const installed = jsonOrNull(join(root, 'node_modules/.package-lock.json'))
  if (installed === null) return existsSync(join(root, 'node_modules')) ? 'outdated' : 'none'
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  return satisfies(installed.packages ?? {}, wanted.packages ?? {}) ? 'current' : 'outdated'
}

/** Spares the next start the comparison. @param {string} root */
export function markInstalled(root) {
  writeFileSync(join(root, MARKER), lockHash(root))
}

/** A developer's install has the tools too, and keeps them. @param {string} root */
export function hasDevelopmentTools(root) {
  return existsSync(join(root, 'node_modules/vitest'))
}

/**
 * Every package that a start needs is there in the locked version; optional ones may be missing (other platforms).
 * @param {Record<string, { version?: string }>} installed
 * @param {Record<string, { version?: string, dev?: boolean, optional?: boolean, devOptional?: boolean, link?: boolean, resolved?: string }>} wanted
 */
export function satisfies(installed, wanted) {
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.startsWith('node_modules/') && !path.includes('/node_modules/')) return true
    const found = installed[path]
    if (found === undefined) return Boolean(entry.dev || entry.optional || entry.devOptional)
    return entry.link === true || found.version === entry.version
  })
}

/** @param {string} file */
function readOrNull(file) {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** @param {string} file */
function jsonOrNull(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return null
  }
}
