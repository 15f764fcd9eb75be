/** What goes wrong around a start, as a message that says what to do. */
import { CliFailure } from '../failure.ts'

const ADVICE: Readonly<Record<string, (path: string) => string>> = {
  ENOSPC: (path) =>
    `the disk is full: ${path} can't be written; make room there, or choose another folder with --state DIR`,
  EDQUOT: (path) =>
    `your disk quota is used up: ${path} can't be written; make room, or choose another folder with --state DIR`,
  EROFS: (path) => `${path} is on a read-only disk; choose another folder with --state DIR`,
  EACCES: (path) =>
    `${path} may not be used by you; start as the user it belongs to, or choose another folder with --state DIR`,
  EPERM: (path) =>
    `${path} may not be changed by you; start as the user it belongs to, or choose another folder with --state DIR`,
  ENOTDIR: (path) => `${path} is not a folder; move it away, or choose another one with --state DIR`,
  EMFILE: () => 'too many files are open; raise the limit (ulimit -n) and start again',
  ENFILE: () => 'the system has too many files open; close some programs and start again',
  ENOMEM: () => 'there is not enough memory; close some programs and start again',
  EAGAIN: () => 'no more processes can be started; raise the limit (ulimit -u) or close some programs',
}

const PLATFORMS = ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64']

/** @throws CliFailure where the demo's parts have no binaries */
export function checkPlatform(platform = `${process.platform}-${process.arch}`): void {
  if (PLATFORMS.includes(platform)) return
  const advice = platform.startsWith('win32') ? '; on Windows use WSL 2' : ''
  throw new CliFailure(`Sluice's demo does not run on ${platform}; it runs on ${PLATFORMS.join(', ')}${advice}`)
}

/** An error of the operating system as a failure with advice; anything else as it is. */
export function explained(error: unknown, where: string): unknown {
  if (!(error instanceof Error) || error instanceof CliFailure) return error
  const { code, path } = error as NodeJS.ErrnoException
  const advice = code === undefined ? undefined : ADVICE[code]
  return advice === undefined ? error : new CliFailure(advice(path ?? where), undefined, { cause: error })
}
