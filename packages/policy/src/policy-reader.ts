// From files to policies with ids, and what is wrong with those that can't be read. Bounds come first: the interpreter
// runs in a memory of its own, and a text nested too deeply would end it for the whole process.

import { policySetTextToParts, policyToJson, templateToJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyFile } from '@sluice/events'
import type { MistakeCode, PolicyMistake } from './policy-mistake.ts'
import { characterOffset, lineOf, type PolicyPiece, placeIn, policyPieces } from './policy-text.ts'

export const MAX_FILES = 64
export const MAX_FILE_CHARACTERS = 256 * 1024
export const MAX_POLICIES = 1_000
export const MAX_POLICY_CHARACTERS = 16 * 1024
/** A quarter of what the interpreter's stack bears, and less. */
export const MAX_NESTING = 24
export const MAX_OPERATORS = 256
export const MAX_CONDITIONALS = 16
const MAX_REASON_CHARACTERS = 500

export type Policy = {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly annotations: Readonly<Record<string, string>>
  /** What Cedar reads. */
  readonly text: string
  /** What Cedar read, as a tree. */
  readonly tree: unknown
  readonly file: string
  readonly line: number
  /** The whole file, and where the policy begins in it. */
  readonly source: string
  readonly offset: number
  readonly piece: PolicyPiece
}

export type PolicyReading = { readonly policies: readonly Policy[]; readonly mistakes: readonly PolicyMistake[] }

const ID = /^[a-z0-9][a-z0-9_-]{0,62}$/
const FILE_NAME = /^[\w][\w.-]{0,119}\.cedar$/
const TEXTUAL = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u
/** `(principal == ?principal, …)` */
const TEMPLATE_FIX = 'name the group, subject or connection that is meant: nothing fills in ?principal or ?resource'

type At = { readonly name: string; readonly text: string; readonly offset: number }

/** A place in the file of a policy that was read. */
export function atPolicy({ file, source }: Policy, offset: number): At {
  return { name: file, text: source, offset }
}

export function mistakeAt(at: At, code: MistakeCode, message: string, fix: string): PolicyMistake {
  return { code, file: at.name, ...placeIn(at.text, at.offset), message: clean(message), fix: clean(fix) }
}

/** Messages quote the file. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`)
}

export function readPolicies(files: readonly PolicyFile[]): PolicyReading {
  const mistakes: PolicyMistake[] = []
  const policies: Policy[] = []
  if (files.length > MAX_FILES) {
    const message = `there are ${files.length} policy files, at most ${MAX_FILES} are read`
    return { policies, mistakes: [mistakeAt(atStart(files[0] as PolicyFile), 'bounds', message, 'put some together')] }
  }
  const places = new Map<string, Policy>()
  const names = new Set<string>()
  for (const file of files) {
    const wrong = fileMistake(file, names)
    names.add(file.name)
    if (wrong !== null) {
      mistakes.push(wrong)
      continue
    }
    const before = { policies: policies.length, mistakes: mistakes.length }
    for (const piece of policyPieces(file.text)) {
      if (policies.length >= MAX_POLICIES) {
        const message = `more than ${MAX_POLICIES} policies`
        mistakes.push(mistakeAt(atPiece(file, piece), 'bounds', message, 'put those that differ in a name together'))
        return { policies, mistakes }
      }
      const { policy, wrong } = readPiece(file, piece, places)
      mistakes.push(...wrong)
      if (policy === null) continue
      policies.push(policy)
      if (!places.has(policy.id)) places.set(policy.id, policy)
    }
    if (mistakes.length === before.mistakes) mistakes.push(...lostPolicies(file, policies.length - before.policies))
  }
  return { policies, mistakes }
}

function fileMistake(file: PolicyFile, names: ReadonlySet<string>): PolicyMistake | null {
  if (!FILE_NAME.test(file.name)) {
    return mistakeAt(atStart(file), 'bounds', 'a policy file can not have this name', 'name it like 20-agents.cedar')
  }
  if (names.has(file.name)) {
    return mistakeAt(atStart(file), 'bounds', 'two files have this name', 'give one of them another name')
  }
  if (file.text.length <= MAX_FILE_CHARACTERS) return null
  const message = `longer than ${MAX_FILE_CHARACTERS} characters`
  return mistakeAt(atStart(file), 'bounds', message, 'split it into several files')
}

const atStart = (file: PolicyFile): At => ({ ...file, offset: 0 })
const atPiece = (file: PolicyFile, { offset }: { readonly offset: number }): At => ({ ...file, offset })

/** What Cedar takes for a policy and we for a comment would be gone without a word, and it might be a forbid. */
function lostPolicies(file: PolicyFile, found: number): readonly PolicyMistake[] {
  const answer = policySetTextToParts(file.text)
  const there = answer.type === 'failure' ? 0 : answer.policies.length + answer.policy_templates.length
  if (there === found) return []
  const message = `Cedar reads ${there} policies in this file, and ${found} were found in it`
  return [mistakeAt(atStart(file), 'syntax', message, 'end every comment and every policy with a line of its own')]
}

type PieceReading = { readonly policy: Policy | null; readonly wrong: readonly PolicyMistake[] }

function readPiece(file: PolicyFile, piece: PolicyPiece, known: ReadonlyMap<string, Policy>): PieceReading {
  const beyond = boundOf(piece)
  if (beyond !== null) {
    const wrong = mistakeAt(atPiece(file, piece), 'bounds', beyond, 'split it into several policies')
    return { policy: null, wrong: [wrong] }
  }
  const answer = policyToJson(piece.text)
  if (answer.type === 'failure') return { policy: null, wrong: [syntaxMistake(file, piece, answer.errors[0])] }
  const annotations: Record<string, string> = Object.create(null)
  for (const [name, value] of Object.entries(answer.json.annotations ?? {})) annotations[name] = value ?? ''
  const id = annotations['id'] ?? ''
  const wrong = [...idMistakes(file, piece, annotations, known), ...valueMistakes(file, piece, annotations)]
  const line = lineOf(file.text, piece.offset)
  const { text, offset } = piece
  const place = { file: file.name, line, source: file.text, offset, piece }
  return { policy: { id, effect: answer.json.effect, annotations, text, tree: answer.json, ...place }, wrong }
}

function boundOf({ text, depth, operators, conditionals }: PolicyPiece): string | null {
  if (text.length > MAX_POLICY_CHARACTERS) return `the policy is longer than ${MAX_POLICY_CHARACTERS} characters`
  if (depth > MAX_NESTING) return `its brackets are nested more than ${MAX_NESTING} deep`
  if (operators > MAX_OPERATORS) return `it has more than ${MAX_OPERATORS} operators`
  return conditionals > MAX_CONDITIONALS ? `it has more than ${MAX_CONDITIONALS} times "if"` : null
}

type CedarError = {
  readonly message: string
  readonly help: string | null
  readonly sourceLocations?: readonly { readonly label: string | null; readonly start: number }[]
}

function syntaxMistake(file: PolicyFile, piece: PolicyPiece, error: CedarError | undefined): PolicyMistake {
  if (templateToJson(piece.text).type === 'success') {
    return mistakeAt(atPiece(file, piece), 'syntax', 'this is a template, and templates are not used', TEMPLATE_FIX)
  }
  const location = error?.sourceLocations?.[0]
  const offset = piece.offset + characterOffset(piece.text, location?.start ?? 0)
  const message = (error?.message ?? 'not a policy').replace(/^failed to parse policy from string: /, '')
  const ended = message === 'unexpected end of input'
  const expected = location?.label ?? ''
  const fix = ended ? 'a policy ends with ;' : (error?.help ?? (expected === '' ? FORM : `${expected}; ${FORM}`))
  return mistakeAt({ ...file, offset }, 'syntax', message, fix)
}

const FORM = 'write it as @id("…") permit (principal in Group::"…", action in Action::"sql", resource) when { … };'

function idMistakes(
  file: PolicyFile,
  piece: PolicyPiece,
  { id }: Readonly<Record<string, string>>,
  known: ReadonlyMap<string, Policy>,
): readonly PolicyMistake[] {
  if (id === undefined) {
    return [mistakeAt(atPiece(file, piece), 'id', 'the policy has no @id', 'write @id("a-name") before it')]
  }
  const at = atAnnotation(file, piece, 'id')
  if (!ID.test(id)) {
    const fix = 'use lower-case letters, digits, - and _, at most 63, such as "agents-read"'
    return [mistakeAt(at, 'id', `"${id.slice(0, 80)}" can not be an @id`, fix)]
  }
  const other = known.get(id)
  if (other === undefined) return []
  const message = `the @id ${id} is taken by the policy at ${other.file}:${other.line}`
  return [mistakeAt(at, 'id', message, 'give one of them another name')]
}

/** Annotations are shown to people. */
function valueMistakes(
  file: PolicyFile,
  piece: PolicyPiece,
  annotations: Readonly<Record<string, string>>,
): readonly PolicyMistake[] {
  return Object.entries(annotations)
    .filter(([name, value]) => name !== 'id' && (!TEXTUAL.test(value) || value.length > MAX_REASON_CHARACTERS))
    .map(([name]) => {
      const fix = `write one line of text, at most ${MAX_REASON_CHARACTERS} characters`
      return mistakeAt(atAnnotation(file, piece, name), 'annotation', `@${name} holds no text that can be shown`, fix)
    })
}

export function atAnnotation(file: PolicyFile, piece: PolicyPiece, name: string): At {
  return atPiece(file, piece.annotations.find((each) => each.text === name) ?? piece)
}
