// Scripts that drive pgjdbc, compiled: what they are made of stands in PgjdbcScript.java beside this.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import clients from '../../setup/clients.json' with { type: 'json' }
import { runProgram } from './run-program.ts'

const PGJDBC = join(fileURLToPath(new URL('../../../', import.meta.url)), clients.pgjdbc)
const SHARED = fileURLToPath(new URL('.', import.meta.url))
/** It lives for seconds: compiling it well does not pay. */
const FAST_START = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xshare:auto']

export type CompiledScript = {
  /** What `java` has to be told to run it. */
  readonly args: readonly string[]
  readonly remove: () => void
}

export async function compilePgjdbcScript(source: string): Promise<CompiledScript> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-pgjdbc-'))
  const paths = ['-cp', PGJDBC, '-sourcepath', SHARED, '-d', dir]
  const { code, stderr } = await runProgram('javac', ['-encoding', 'UTF-8', ...paths, source])
  if (code !== 0) throw new Error(`${source} can't be compiled: ${stderr}`)
  return {
    args: [...FAST_START, '-cp', [PGJDBC, dir].join(delimiter), basename(source, '.java')],
    remove: () => rmSync(dir, { recursive: true, force: true }),
  }
}
