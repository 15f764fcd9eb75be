// The type of an expression (exprType of nodeFuncs.c): a fact of each kind of node.

import type { TreeNode } from '../tree/node.ts'
import { nodeAt, nodesAt, numberAt } from './node-access.ts'
import { SUBLINK_KIND } from './tree-enums.ts'

const BOOLEAN = 16
const RECORD = 2249
const XML = 142
const INTEGER = 23

/** Where the type stands: a field, a node to ask instead, or always the same. */
const TYPES: Readonly<Record<string, string | { readonly of: string } | number>> = {
  VAR: 'vartype',
  CONST: 'consttype',
  PARAM: 'paramtype',
  AGGREF: 'aggtype',
  GROUPINGFUNC: INTEGER,
  WINDOWFUNC: 'wintype',
  MERGESUPPORTFUNC: 'msftype',
  FUNCEXPR: 'funcresulttype',
  NAMEDARGEXPR: { of: 'arg' },
  OPEXPR: 'opresulttype',
  DISTINCTEXPR: 'opresulttype',
  NULLIFEXPR: 'opresulttype',
  SCALARARRAYOPEXPR: BOOLEAN,
  BOOLEXPR: BOOLEAN,
  FIELDSELECT: 'resulttype',
  FIELDSTORE: 'resulttype',
  RELABELTYPE: 'resulttype',
  COERCEVIAIO: 'resulttype',
  ARRAYCOERCEEXPR: 'resulttype',
  CONVERTROWTYPEEXPR: 'resulttype',
  COLLATEEXPR: { of: 'arg' },
  CASEEXPR: 'casetype',
  CASETESTEXPR: 'typeId',
  ARRAYEXPR: 'array_typeid',
  ROWEXPR: 'row_typeid',
  ROWCOMPAREEXPR: BOOLEAN,
  COALESCEEXPR: 'coalescetype',
  MINMAXEXPR: 'minmaxtype',
  SQLVALUEFUNCTION: 'type',
  JSONVALUEEXPR: { of: 'formatted_expr' },
  JSONISPREDICATE: BOOLEAN,
  JSONBEHAVIOR: { of: 'expr' },
  NULLTEST: BOOLEAN,
  BOOLEANTEST: BOOLEAN,
  COERCETODOMAIN: 'resulttype',
  SETTODEFAULT: 'typeId',
  CURRENTOFEXPR: BOOLEAN,
  NEXTVALUEEXPR: 'typeId',
  INFERENCEELEM: { of: 'expr' },
  RETURNINGEXPR: { of: 'retexpr' },
}

/** Arrays of PostgreSQL's own types: only `ARRAY (select …)` doesn't say its own type. */
const ARRAYS: ReadonlyMap<number, number> = new Map([
  [16, 1000],
  [17, 1001],
  [19, 1003],
  [20, 1016],
  [21, 1005],
  [23, 1007],
  [25, 1009],
  [114, 199],
  [700, 1021],
  [701, 1022],
  [1042, 1014],
  [1043, 1015],
  [1082, 1182],
  [1114, 1115],
  [1184, 1185],
  [1700, 1231],
  [2950, 2951],
  [3802, 3807],
])

function sublinkType(node: TreeNode): number {
  const kind = numberAt(node, 'subLinkType')
  if (kind === SUBLINK_KIND.multi) return RECORD
  if (kind !== SUBLINK_KIND.single && kind !== SUBLINK_KIND.array) return BOOLEAN
  const query = nodeAt(node, 'subselect')
  const entry = query === null ? undefined : nodesAt(query, 'targetList')[0]
  const expression = entry === undefined ? null : nodeAt(entry, 'expr')
  const type = expression === null ? 0 : typeOf(expression)
  return kind === SUBLINK_KIND.single ? type : (ARRAYS.get(type) ?? 0)
}

const XML_IS_DOCUMENT = 7
const XML_SERIALIZE = 6

/** 0 where it can't be told. */
export function typeOf(node: TreeNode): number {
  const where = TYPES[node.node]
  if (typeof where === 'number') return where
  if (typeof where === 'string') return numberAt(node, where)
  if (where !== undefined) {
    const inner = nodeAt(node, where.of)
    return inner === null ? 0 : typeOf(inner)
  }
  switch (node.node) {
    case 'SUBLINK':
      return sublinkType(node)
    case 'SUBSCRIPTINGREF': {
      // 13 doesn't say the result's type: an element, unless it is a slice or an assignment.
      const result = numberAt(node, 'refrestype')
      if (result !== 0) return result
      const whole = nodesAt(node, 'reflowerindexpr').length > 0 || nodeAt(node, 'refassgnexpr') !== null
      return numberAt(node, whole ? 'refcontainertype' : 'refelemtype')
    }
    case 'XMLEXPR': {
      const operation = numberAt(node, 'op')
      if (operation === XML_IS_DOCUMENT) return BOOLEAN
      return operation === XML_SERIALIZE ? numberAt(node, 'type') : XML
    }
    case 'JSONCONSTRUCTOREXPR':
    case 'JSONEXPR': {
      const returning = nodeAt(node, 'returning')
      return returning === null ? 0 : numberAt(returning, 'typid')
    }
    default:
      return 0
  }
}
