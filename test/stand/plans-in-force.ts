// Whether a proxy masks already, by its metrics.

const POLL_MS = 20

/**
 * A proxy looks at the catalogs when it starts, and takes a plan when it has seen what the plan is of. False where one
 * of the connections has none in time.
 */
export async function plansInForce(
  healthUrl: string,
  connections: readonly string[],
  withinMs: number,
): Promise<boolean> {
  const inForce = connections.map((name) => `sluice_mask_plan{connection="${name}"} 1`)
  const until = performance.now() + withinMs
  while (performance.now() < until) {
    const metrics = await (await fetch(`${healthUrl}/metrics`)).text()
    if (inForce.every((each) => metrics.includes(each))) return true
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return false
}
