// `npm test` on a fresh clone: first the packages, then the foreign clients.

import { ensureClients } from './clients.mjs'
import { ensurePackages } from './install.mjs'

const broken = ensurePackages()
if (broken !== undefined) {
  console.error(`npm test: ${broken}`)
  process.exit(1)
}
const missing = ensureClients()
if (missing.length > 0) {
  console.error(`npm test needs what is not on this machine, and can't install it by itself:\n${missing.join('\n')}`)
  process.exit(1)
}
