// `npm run lock`: after `npm install` changed the lock, adds the platforms that the registry in use did not offer.

import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { completeLock, type Lock, missingPlatforms } from './lock-platforms.ts'

const file = fileURLToPath(new URL('../../package-lock.json', import.meta.url))
const lock = JSON.parse(readFileSync(file, 'utf8')) as Lock
const missing = missingPlatforms(lock)
if (missing.length > 0) writeFileSync(file, `${JSON.stringify(completeLock(lock), null, 2)}\n`)
console.log(`package-lock.json: ${missing.length} optional platforms added`)
