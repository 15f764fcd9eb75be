// What names mean in this database, as far as a text does not tell: in which schemas they are looked up, and which
// functions and operators are there that PostgreSQL does not bring itself. Asked once for a session, behind the login.

import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import { UpstreamFailed } from '@sluice/events'
import type { ByteReader } from '../handshake/byte-reader.ts'
import { BodyReader } from '../wire/decode.ts'
import * as encode from '../wire/encode.ts'
import { SERVER } from '../wire/message-types.ts'

export type DatabaseNames = {
  /** Where names without a schema are looked up, in this order. */
  readonly schemas: readonly string[]
  /** Functions found without a schema whose code is the user's own: what they do is not known. */
  readonly functions: ReadonlySet<string>
  /** Those of them that `row.name` calls. */
  readonly rowFunctions: ReadonlySet<string>
  readonly operators: ReadonlySet<string>
  /** The same for databases in which all of this is the same. */
  readonly digest: string
}

const MAX_ANSWER_BYTES = 4 * 1024 * 1024

/** Code in C and of extensions was installed by whoever runs the server; the rest may do anything, writing included. */
const QUESTION = encode.query(`
with path as (
  select n.oid from pg_catalog.pg_namespace n where n.nspname = any (pg_catalog.current_schemas(false))
), own as (
  select p.oid, p.proname, p.pronargs, p.pronargdefaults, p.pronamespace,
    case when p.pronargs = 1 and p.provariadic <> 0 then p.provariadic else p.proargtypes[0] end as argument
    from pg_catalog.pg_proc p join pg_catalog.pg_language l on l.oid = p.prolang
    where p.oid >= 16384 and (l.lanname not in ('internal', 'c') or p.prokind = 'a') and p.prokind <> 'p'
    and p.prorettype not in ('pg_catalog.trigger'::pg_catalog.regtype, 'pg_catalog.event_trigger'::pg_catalog.regtype)
    and not exists (select from pg_catalog.pg_depend d
      where d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid and d.deptype = 'e')
)
select pg_catalog.json_build_object(
  'schemas', pg_catalog.to_json(pg_catalog.current_schemas(false)),
  'functions', (select pg_catalog.json_agg(distinct proname order by proname)
    from own where pronamespace in (select oid from path)),
  'rowFunctions', (select pg_catalog.json_agg(distinct proname order by proname)
    from own join pg_catalog.pg_type t on t.oid = own.argument
    where pronamespace in (select oid from path) and pronargs - pronargdefaults <= 1 and t.typtype in ('c', 'p')),
  'operators', (select pg_catalog.json_agg(distinct oprname order by oprname)
    from pg_catalog.pg_operator where oprnamespace in (select oid from path) and oprcode in (select oid from own)))`)

/** Throws UpstreamFailed where the upstream does not say. */
export async function askDatabaseNames(socket: Socket, reader: ByteReader): Promise<DatabaseNames> {
  socket.write(QUESTION)
  let names: DatabaseNames | null = null
  for (;;) {
    const { type, bytes } = await reader.readMessage(MAX_ANSWER_BYTES)
    if (type === SERVER.dataRow) names = namesIn(bytes)
    else if (type === SERVER.readyForQuery) break
    else if (type === SERVER.error) throw unanswered()
  }
  if (names === null) throw unanswered()
  return names
}

type Answer = Readonly<Record<'schemas' | 'functions' | 'rowFunctions' | 'operators', readonly string[] | null>>

function namesIn(row: Buffer): DatabaseNames | null {
  const body = new BodyReader(row)
  if (body.uint16() !== 1) return null
  const text = body.bytes(body.int32())
  try {
    const { schemas, functions, rowFunctions, operators }: Answer = JSON.parse(text.toString('utf8'))
    return {
      schemas: schemas ?? [],
      functions: new Set(functions),
      rowFunctions: new Set(rowFunctions),
      operators: new Set(operators),
      digest: createHash('sha256').update(text).digest('base64'),
    }
  } catch {
    return null
  }
}

function unanswered(): UpstreamFailed {
  return new UpstreamFailed('upstream_names', 'the upstream does not say what names mean in its database')
}
