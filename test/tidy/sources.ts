// What the tidy tests look at: the repository's own text files, and what each module imports.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

const BINARY = /\.(png|jpg|ico|woff2?|gz|zip|jar|der|db)$/

/** Paths of the repository's text files, tracked or about to be, relative to its root. */
export const textFiles = (): readonly string[] => {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], { cwd: ROOT })
  const files = listed.toString('utf8').split('\0')
  return files.filter((file) => file !== '' && !BINARY.test(file) && existsSync(join(ROOT, file)))
}

export const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

const CODE = /\.(ts|js|mjs|cjs)$/

export const codeFiles = (): readonly string[] => textFiles().filter((file) => CODE.test(file))

export const isTest = (file: string): boolean => file.startsWith('test/') || /\.(test|contract|fixture)\.ts$/.test(file)

/** The code without comments, so that a word in prose is not taken for a call; strings stay. */
export const withoutComments = (code: string): string =>
  code.replace(
    /\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/[^\n]*|('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")/g,
    (_, text?: string) => text ?? '',
  )

const IMPORT =
  /(?:^|\n|;)\s*(?:import|export)\s(?:[^'";]*?\sfrom\s*)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g

/** The specifiers of a module's static and dynamic imports, type imports included. */
export const importsOf = (code: string): readonly string[] =>
  [...withoutComments(code).matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? '')

/** `packages/stream` of `packages/stream/src/journal.ts`; undefined outside the workspaces. */
export const workspaceOf = (file: string): string | undefined => /^(?:packages|services)\/[^/]+/.exec(file)?.[0]

/** Where a relative specifier leads, from the root. */
export const target = (file: string, specifier: string): string => posix.join(posix.dirname(file), specifier)
