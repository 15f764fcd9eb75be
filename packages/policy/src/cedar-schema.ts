// What policies can speak about. Cedar checks every policy and every question against it.

import { SQL_ACTIONS } from './statement-access.ts'

const TARGET_ATTRIBUTES = 'name: String, protocol: String, labels: Set<String>, demo: Bool'
const CIRCUMSTANCES = 'time: datetime, clientAddress?: ipaddr, purpose?: String'
const STATEMENT =
  'kinds: Set<String>, tables: Set<String>, functions: Set<String>, unfiltered: Bool, unknown: Set<String>, ' +
  'tags: Set<String>, comparedTags: Set<String>'

export const CEDAR_SCHEMA = `
entity Group;
entity Subject in [Group] = { id: String, issuer: String, kind: String, onBehalfOf?: String };
entity Connection = { ${TARGET_ATTRIBUTES} };
entity Table in [Connection] = { ${TARGET_ATTRIBUTES}, schema: String, table: String, connection: Connection };

action connect appliesTo {
  principal: [Subject], resource: [Connection], context: { ${CIRCUMSTANCES} }
};
action reveal appliesTo {
  principal: [Subject], resource: [Connection], context: { ${CIRCUMSTANCES}, tag: String }
};
action sql;
action ${SQL_ACTIONS.map((action) => JSON.stringify(action)).join(', ')} in [sql] appliesTo {
  principal: [Subject], resource: [Connection, Table], context: { ${CIRCUMSTANCES}, ${STATEMENT} }
};
`

/** For messages. */
export const ENTITY_TYPES = 'Subject, Group, Connection, Table'
export const ACTIONS: string = ['connect', 'reveal', 'sql', ...SQL_ACTIONS].join(', ')
export const ATTRIBUTES: Readonly<Record<string, string>> = {
  Subject: 'id, issuer, kind, onBehalfOf',
  Group: 'none',
  Connection: 'name, protocol, labels, demo',
  Table: 'name, protocol, labels, demo, schema, table, connection',
}
export const SQL_CONTEXT =
  'time, clientAddress, purpose, kinds, tables, functions, unfiltered, unknown, tags, comparedTags'
export const CONNECT_CONTEXT = 'time, clientAddress, purpose'
export const REVEAL_CONTEXT = 'time, clientAddress, purpose, tag'
