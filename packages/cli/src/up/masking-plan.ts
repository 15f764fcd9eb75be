/** Before there is a masking plan the proxy shows nobody anything: what is told to be ready would answer with a refusal. */
import { setTimeout as sleep } from 'node:timers/promises'
import { CliFailure } from '../failure.ts'

const POLL_MS = 50
const IN_FORCE = /^sluice_mask_plan\{connection="shop"\} 1$/m

/**
 * Resolves when the proxy has a plan for the demo's database. Its catalog is read and planned within a second.
 * @param proxyHealth base URL
 */
export async function masksInForce(proxyHealth: string, patienceMs: number): Promise<void> {
  const until = performance.now() + patienceMs
  while (performance.now() < until) {
    if (IN_FORCE.test(await metricsOf(proxyHealth))) return
    await sleep(POLL_MS)
  }
  throw new CliFailure(
    'the masker has made no plan of what is sensitive in the demo database; look into the logs of masker and proxy',
  )
}

/** Nothing while the proxy is restarted. */
async function metricsOf(proxyHealth: string): Promise<string> {
  try {
    return await (await fetch(`${proxyHealth}/metrics`, { signal: AbortSignal.timeout(5_000) })).text()
  } catch {
    return ''
  }
}
