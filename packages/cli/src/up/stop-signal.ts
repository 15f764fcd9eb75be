/** Ctrl-C, SIGTERM and a closed terminal all ask to stop. Once asked, the stop has its own deadline, so asking again changes nothing. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export function stopSignal(): Promise<'stop'> {
  return new Promise((resolve) => {
    for (const signal of SIGNALS) process.on(signal, () => resolve('stop'))
  })
}
