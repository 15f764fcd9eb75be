// One of our services as a child process, from its start until it says that it is ready.

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const READY_MS = 30_000

export type ServiceProcess = {
  readonly child: ChildProcess
  readonly addresses: Readonly<Record<string, string>>
  /** What the process wrote to its log. */
  readonly log: () => string
  /** Asks it to end, or with SIGKILL does not ask; resolves when it is gone. */
  readonly stop: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>
}

/** Resolves when it is ready; rejects with its log where it ends or is late. */
export async function startService(name: 'proxy' | 'approver' | 'masker', configFile: string): Promise<ServiceProcess> {
  const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url))
  const child = fork(main, ['--config', configFile], { stdio: ['ignore', 'inherit', 'pipe', 'ipc'] })
  let log = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const stop: ServiceProcess['stop'] = async (signal = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  const said = Promise.race([
    once(child, 'message', { signal: AbortSignal.timeout(READY_MS) }),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the ${name} ended with ${code}: ${log}`))),
  ])
  try {
    const [message] = (await said) as [{ readonly ready: boolean; readonly addresses: Record<string, string> }]
    if (!message.ready) throw new Error(`the ${name} did not start: ${JSON.stringify(message)}`)
    return { child, addresses: message.addresses, log: () => log, stop }
  } catch (error) {
    await stop('SIGKILL')
    throw new Error(`no ${name}: ${log}`, { cause: error })
  }
}

/** Several at once: where one does not start, none is left. */
export async function startServices(
  names: readonly Parameters<typeof startService>[0][],
  configFile: string,
): Promise<readonly ServiceProcess[]> {
  const results = await Promise.allSettled(names.map((name) => startService(name, configFile)))
  const running = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed === undefined) return running
  await Promise.all(running.map(({ stop }) => stop()))
  throw failed.reason
}
