// From what a text is to what it accesses, in the words of the policy.

import { isShowableName, WITHHELD } from '@sluice/events'
import {
  type AccessTarget,
  type Objection,
  type SqlAction,
  type StatementAccess,
  unreadableAccess,
} from '@sluice/policy'
import {
  type Analysis,
  type Command,
  type Effect,
  isPlainRead,
  type SizeLimit,
  type StatementFacts,
  type TableName,
} from './facts.ts'
import { dotted, shownName } from './names.ts'

/** More would be no question for a policy; whatever is beyond is not listed, and the text is refused. */
export const MAX_RESOURCES = 64
export const MAX_STATEMENTS = 64
export const MAX_UNKNOWN = 16

/** Where the statements run. */
export type AccessOptions = {
  readonly connection: string
  /** The session's search path as PostgreSQL resolves it: `current_schemas(false)`. */
  readonly schemas: readonly string[]
  /** What the database has under names that PostgreSQL uses as well, where it is known. */
  readonly own?: OwnNames
}

/** Functions and operators of the database's own, found without a schema: nobody knows what their code does. */
export type OwnNames = {
  readonly functions: ReadonlySet<string>
  /** Those of them that `row.name` calls. */
  readonly rowFunctions: ReadonlySet<string>
  readonly operators: ReadonlySet<string>
}

const ACTION_OF_EFFECT: Readonly<Record<Effect, SqlAction>> = {
  read: 'sql:read',
  write: 'sql:write',
  ddl: 'sql:ddl',
  admin: 'sql:admin',
}

const SIZE_WORDS: Readonly<Record<SizeLimit, string>> = {
  bytes: 'A statement this long',
  nesting: 'A statement nested this deeply',
  tree: 'A statement with this many parts',
  statements: 'A text with this many statements',
  time: 'A statement that takes this long to read',
}

/** Statements of one text are decided together: the text is sent as a whole or not at all. */
export function accessOf(analysis: Analysis, options: AccessOptions): StatementAccess {
  switch (analysis.kind) {
    case 'unparsable':
      return refused(options.connection, {
        code: 'unparsable',
        what: `A statement that can't be read (${analysis.message})`,
        hint: 'Check the spelling; what can not be read is never sent.',
      })
    case 'too_large':
      return refused(options.connection, {
        code: 'too_large',
        what: SIZE_WORDS[analysis.limit],
        hint: 'Send the values as parameters, an array for instance, or split the statement.',
      })
    case 'parsed':
      return new TextAccess(options).of(analysis.statements)
    default:
      return analysis satisfies never
  }
}

function refused(connection: string, refusal: Objection): StatementAccess {
  return { ...unreadableAccess(connection), refusal }
}

/** Collects what the statements of one text access. */
class TextAccess {
  readonly #connection: string
  readonly #schemas: readonly string[]
  readonly #own: OwnNames | null
  readonly #targets = new Map<string, AccessTarget>()
  readonly #resources = new Set<string>()
  readonly #kinds = new Set<string>()
  readonly #functions = new Set<string>()
  readonly #unknown = new Map<string, Objection>()
  #refusal: Objection | null = null
  #unfiltered = false

  constructor({ connection, schemas, own }: AccessOptions) {
    this.#connection = connection
    this.#schemas = schemas
    this.#own = own ?? null
  }

  of(statements: readonly StatementFacts[]): StatementAccess {
    for (const facts of statements) this.#add(facts)
    if (this.#unknown.size > 0) this.#target('sql:unknown', null)
    this.#refuseTricks(statements)
    const targets = [...this.#targets.values()]
    return {
      connection: this.#connection,
      actions: [...new Set(targets.map(({ action }) => action))],
      resources: [...this.#resources].slice(0, MAX_RESOURCES),
      targets,
      kinds: [...this.#kinds],
      functions: [...this.#functions],
      unfiltered: this.#unfiltered,
      unknown: [...this.#unknown.values()].slice(0, MAX_UNKNOWN),
      refusal: this.#refusal,
      holdable: this.#unheld(statements),
      touches: [],
    }
  }

  #add(facts: StatementFacts): void {
    if (facts.kind === 'command') {
      for (const verb of facts.verbs) this.#kinds.add(verb)
      for (const { effect, table } of facts.uses) this.#use(ACTION_OF_EFFECT[effect], table)
      for (const name of facts.functions) this.#functions.add(name)
      for (const objection of facts.unknown) this.#unknown.set(objection.what, objection)
      this.#doubtOwnNames(facts)
      this.#unfiltered ||= facts.unfiltered
      this.#refusal ??= facts.refusal
    } else if (facts.kind === 'empty') this.#target('sql:session', null)
    else {
      this.#kinds.add(facts.verb)
      this.#target(facts.kind === 'session' ? 'sql:session' : 'sql:transaction', null)
    }
  }

  /** A name may find code of the database's own. */
  #doubtOwnNames({ verbs, openNames }: Command): void {
    if (this.#own === null) return
    const { functions, rowFunctions, operators } = this.#own
    const found = [
      ...meetings(openNames.functions, functions).map((name) => `the function ${shownName([name])}`),
      ...meetings(openNames.fields, rowFunctions).map((name) => `.${shownName([name])}, which may call a function`),
      ...meetings(openNames.operators, operators).map(() => 'an operator'),
    ]
    for (const part of found) {
      const what = `${verbs[0] ?? ''} with ${part} of the database's own`
      this.#unknown.set(what, { code: 'own_code', what, hint: OWN_CODE_HINT })
    }
  }

  #target(action: SqlAction, table: string | null): void {
    this.#targets.set(`${action} ${table ?? ''}`, { action, table })
  }

  #use(action: SqlAction, table: TableName | null): void {
    if (table === null) return this.#target(action, null)
    this.#resources.add(resource(this.#connection, table))
    if (table.catalog !== null) {
      this.#refusal ??= {
        code: 'database_qualified',
        what: 'A table named with its database',
        hint: 'Name it as schema.table.',
      }
    }
    const candidates = this.#candidates(action, table)
    for (const name of candidates) this.#target(action, name)
    if (candidates.length > 0) return
    const what = 'A table without its schema, while the search path names none'
    this.#unknown.set(what, { code: 'search_path', what, hint: 'Name it as schema.table.' })
  }

  /** Where PostgreSQL may find it: all of these have to be permitted. */
  #candidates(action: SqlAction, { schema, name, own }: TableName): string[] {
    if (schema !== null) return spellings(schema, name)
    // Searched before the path, unless the path names it; what is made is never made there.
    const catalogFirst = !this.#schemas.includes('pg_catalog')
    if (own && catalogFirst && action === 'sql:read') return spellings('pg_catalog', name)
    const places = catalogFirst && name.startsWith('pg_') ? ['pg_catalog', ...this.#schemas] : this.#schemas
    return places.flatMap((place) => spellings(place, name))
  }

  #refuseTricks(statements: readonly StatementFacts[]): void {
    if (statements.length > MAX_STATEMENTS)
      this.#refusal ??= beyond(`More than ${MAX_STATEMENTS} statements in one text`)
    if (this.#resources.size > MAX_RESOURCES) this.#refusal ??= beyond(`More than ${MAX_RESOURCES} tables in one text`)
    if (this.#unknown.size > MAX_UNKNOWN) this.#refusal ??= beyond(`More than ${MAX_UNKNOWN} unknown parts in one text`)
    if (deallocated(statements).length > 1) this.#refusal ??= beyond('More than one DEALLOCATE in one text')
    const controls = statements.some(({ kind }) => kind === 'transaction')
    if (controls && statements.some((facts) => facts.kind === 'command' && !isPlainRead(facts))) {
      this.#refusal ??= {
        code: 'embedded_transaction',
        what: 'Transaction control in one text with statements that change something',
        hint: 'Send BEGIN, COMMIT and ROLLBACK on their own.',
      }
    }
  }

  #unheld(statements: readonly StatementFacts[]): string | null {
    const [only] = statements
    if (statements.length > 1) return 'it stands in one text with other statements; send it alone'
    if (this.#refusal !== null) return 'no policy may permit it'
    if (only?.kind !== 'command') return 'it only steers the session or its transaction'
    return this.#unknown.size > 0 ? 'its text does not tell all that it does' : only.unheld
  }
}

/** What both have. */
function meetings(names: ReadonlySet<string>, own: ReadonlySet<string>): string[] {
  return own.size === 0 ? [] : [...names].filter((name) => own.has(name))
}

const OWN_CODE_HINT =
  'Functions that are not PostgreSQL’s own may change data; name PostgreSQL’s with pg_catalog in front, or give the column another name.'

/** `shop/customers`; a part that may be a value is withheld. */
function resource(connection: string, { catalog, schema, name }: TableName): string {
  const parts = [catalog, schema, name].filter((part) => part !== null)
  return `${connection}/${parts.every(isShowableName) ? dotted(parts) : WITHHELD}`
}

const BEYOND_ASCII = /[\u0080-\uffff]/
const UPPER_CASE = /[A-Z]/

/** Servers with an encoding of single bytes fold letters beyond ASCII as well, where a name has no quotes. */
function spellings(schema: string, name: string): string[] {
  const written = dotted([schema, name])
  if (!BEYOND_ASCII.test(written)) return [written]
  const fold = (part: string): string => (UPPER_CASE.test(part) ? part : part.toLowerCase())
  return [...new Set([written, dotted([fold(schema), fold(name)])])]
}

function beyond(what: string): Objection {
  return { code: 'too_many', what, hint: 'Send them one after the other.' }
}

/** The names of prepared statements that a text deallocates; null for all of them. */
export function deallocated(statements: readonly StatementFacts[]): (string | null)[] {
  return statements.flatMap((facts) => {
    if (facts.kind !== 'session') return []
    if (facts.verb === 'DEALLOCATE') return [facts.target]
    return facts.verb === 'DISCARD' && facts.target === null ? [null] : []
  })
}
