// `npm test` on a fresh clone: the packages with the development ones, then the foreign clients.

import { ensureInstalled } from '../../scripts/ensure-install.mjs'
import { ensureClients } from './clients.mjs'

await ensureInstalled({ dev: true })
const missing = ensureClients()
if (missing.length > 0) {
  console.error(`npm test needs what is not on this machine, and can't install it by itself:\n${missing.join('\n')}`)
  process.exit(1)
}
