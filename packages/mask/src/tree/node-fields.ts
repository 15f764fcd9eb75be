// What PostgreSQL 13 to 18 print of each node that can stand in a rewritten query: its fields, in their order, and how
// each is written. Facts only; reading is read-tree.ts. A field is `name:kind`, `@16` since that version, `@13-15` only there.

export const OLDEST_TREE_MAJOR = 13
export const NEWEST_TREE_MAJOR = 18

export type FieldKind =
  | 'number' // integers, ids of objects, enumerations
  | 'flag' // true, false
  | 'word' // a name or a character; `<>` is null
  | 'node'
  | 'nodes' // a list of nodes, of nulls, of such lists
  | 'numbers' // (i 1 2), (o 1 2)
  | 'words' // ("a" "b")
  | 'set' // (b 1 2)
  | 'groups' // what is in a grouping set: numbers or further sets
  | 'bytes' // a Const's value, not kept
  | 'skipped' // a utility statement, not read

const OPERATOR =
  'opno:number opfuncid:number opresulttype:number opretset:flag opcollid:number inputcollid:number args:nodes location:number'
const COLUMN_TYPES = 'coltypes:numbers coltypmods:numbers colcollations:numbers'

export const NODE_FIELDS: Readonly<Record<string, string>> = {
  QUERY: `commandType:number querySource:number canSetTag:flag utilityStmt:skipped resultRelation:number hasAggs:flag hasWindowFuncs:flag
    hasTargetSRFs:flag hasSubLinks:flag hasDistinctOn:flag hasRecursive:flag hasModifyingCTE:flag hasForUpdate:flag hasRowSecurity:flag
    hasGroupRTE:flag@18 isReturn:flag@14 cteList:nodes rtable:nodes rteperminfos:nodes@16 jointree:node mergeActionList:nodes@16
    mergeUseOuterJoin:flag@16-16 mergeTargetRelation:number@17 mergeJoinCondition:node@17 targetList:nodes override:number onConflict:node
    returningOldAlias:word@18 returningNewAlias:word@18 returningList:nodes groupClause:nodes groupDistinct:flag@14 groupingSets:nodes
    havingQual:node windowClause:nodes distinctClause:nodes sortClause:nodes limitOffset:node limitCount:node limitOption:number
    rowMarks:nodes setOperations:node constraintDeps:numbers withCheckOptions:nodes mergeActionList:nodes@15-15 mergeUseOuterJoin:flag@15-15
    stmt_location:number stmt_len:number`,
  RTEPERMISSIONINFO: `relid:number@16 inh:flag@16 requiredPerms:number@16 checkAsUser:number@16 selectedCols:set@16 insertedCols:set@16
    updatedCols:set@16`,
  ALIAS: 'aliasname:word colnames:words',
  RANGETBLREF: 'rtindex:number',
  JOINEXPR: `jointype:number isNatural:flag larg:node rarg:node usingClause:words join_using_alias:node@14 quals:node alias:node
    rtindex:number`,
  FROMEXPR: 'fromlist:nodes quals:node',
  RANGETBLFUNCTION: `funcexpr:node funccolcount:number funccolnames:words funccoltypes:numbers funccoltypmods:numbers
    funccolcollations:numbers funcparams:set`,
  TABLESAMPLECLAUSE: 'tsmhandler:number args:nodes repeatable:node',
  TABLEFUNC: `functype:number@17 ns_uris:nodes ns_names:words docexpr:node rowexpr:node colnames:words ${COLUMN_TYPES} colexprs:nodes
    coldefexprs:nodes colvalexprs:nodes@17 passingvalexprs:nodes@17 notnulls:set plan:node@17 ordinalitycol:number location:number`,
  COMMONTABLEEXPR: `ctename:word aliascolnames:words ctematerialized:number ctequery:node search_clause:node@14 cycle_clause:node@14
    location:number cterecursive:flag cterefcount:number ctecolnames:words ctecoltypes:numbers ctecoltypmods:numbers
    ctecolcollations:numbers`,
  CTESEARCHCLAUSE: 'search_col_list:words@14 search_breadth_first:flag@14 search_seq_column:word@14 location:number@14',
  CTECYCLECLAUSE: `cycle_col_list:words@14 cycle_mark_column:word@14 cycle_mark_value:node@14 cycle_mark_default:node@14 cycle_path_column:word@14
    location:number@14 cycle_mark_type:number@14 cycle_mark_typmod:number@14 cycle_mark_collation:number@14 cycle_mark_neop:number@14`,
  SETOPERATIONSTMT: `op:number all:flag larg:node rarg:node colTypes:numbers colTypmods:numbers colCollations:numbers groupClauses:nodes`,
  TARGETENTRY: `expr:node resno:number resname:word ressortgroupref:number resorigtbl:number resorigcol:number resjunk:flag`,
  SORTGROUPCLAUSE:
    'tleSortGroupRef:number eqop:number sortop:number reverse_sort:flag@18 nulls_first:flag hashable:flag',
  GROUPINGSET: 'kind:number content:groups location:number',
  WINDOWCLAUSE: `name:word refname:word partitionClause:nodes orderClause:nodes frameOptions:number startOffset:node endOffset:node
    runCondition:nodes@15-16 startInRangeFunc:number endInRangeFunc:number inRangeColl:number inRangeAsc:flag inRangeNullsFirst:flag
    winref:number copiedOrder:flag`,
  ROWMARKCLAUSE: 'rti:number strength:number waitPolicy:number pushedDown:flag',
  WITHCHECKOPTION: 'kind:number relname:word polname:word qual:node cascaded:flag',
  ONCONFLICTEXPR: `action:number arbiterElems:nodes arbiterWhere:node constraint:number onConflictSet:nodes onConflictWhere:node
    exclRelIndex:number exclRelTlist:nodes`,
  INFERENCEELEM: 'expr:node infercollid:number inferopclass:number',
  MERGEACTION: `matched:flag@15-16 matchKind:number@17 commandType:number@15 override:number@15 qual:node@15 targetList:nodes@15
    updateColnos:numbers@15`,
  MERGESUPPORTFUNC: 'msftype:number@17 msfcollid:number@17 location:number@17',
  RETURNINGEXPR: 'retlevelsup:number@18 retold:flag@18 retexpr:node@18',
  VAR: `varno:number varattno:number vartype:number vartypmod:number varcollid:number varnullingrels:set@16 varlevelsup:number
    varreturningtype:number@18 varnosyn:number varattnosyn:number location:number`,
  CONST: `consttype:number consttypmod:number constcollid:number constlen:number constbyval:flag constisnull:flag location:number
    constvalue:bytes`,
  PARAM: 'paramkind:number paramid:number paramtype:number paramtypmod:number paramcollid:number location:number',
  AGGREF: `aggfnoid:number aggtype:number aggcollid:number inputcollid:number aggtranstype:number aggargtypes:numbers aggdirectargs:nodes
    args:nodes aggorder:nodes aggdistinct:nodes aggfilter:node aggstar:flag aggvariadic:flag aggkind:word aggpresorted:flag@16
    agglevelsup:number aggsplit:number aggno:number@14 aggtransno:number@14 location:number`,
  GROUPINGFUNC: 'args:nodes refs:numbers cols:numbers agglevelsup:number location:number',
  WINDOWFUNC: `winfnoid:number wintype:number wincollid:number inputcollid:number args:nodes aggfilter:node runCondition:nodes@17
    winref:number winstar:flag winagg:flag location:number`,
  SUBSCRIPTINGREF: `refcontainertype:number refelemtype:number refrestype:number@14 reftypmod:number refcollid:number refupperindexpr:nodes
    reflowerindexpr:nodes refexpr:node refassgnexpr:node`,
  FUNCEXPR: `funcid:number funcresulttype:number funcretset:flag funcvariadic:flag funcformat:number funccollid:number inputcollid:number
    args:nodes location:number`,
  NAMEDARGEXPR: 'arg:node name:word argnumber:number location:number',
  OPEXPR: OPERATOR,
  DISTINCTEXPR: OPERATOR,
  NULLIFEXPR: OPERATOR,
  SCALARARRAYOPEXPR: `opno:number opfuncid:number hashfuncid:number@14 negfuncid:number@15 useOr:flag inputcollid:number args:nodes
    location:number`,
  BOOLEXPR: 'boolop:word args:nodes location:number',
  SUBLINK: 'subLinkType:number subLinkId:number testexpr:node operName:words subselect:node location:number',
  FIELDSELECT: 'arg:node fieldnum:number resulttype:number resulttypmod:number resultcollid:number',
  FIELDSTORE: 'arg:node newvals:nodes fieldnums:numbers resulttype:number',
  RELABELTYPE: `arg:node resulttype:number resulttypmod:number resultcollid:number relabelformat:number location:number`,
  COERCEVIAIO: 'arg:node resulttype:number resultcollid:number coerceformat:number location:number',
  ARRAYCOERCEEXPR: `arg:node elemexpr:node resulttype:number resulttypmod:number resultcollid:number coerceformat:number location:number`,
  CONVERTROWTYPEEXPR: 'arg:node resulttype:number convertformat:number location:number',
  COLLATEEXPR: 'arg:node collOid:number location:number',
  CASEEXPR: 'casetype:number casecollid:number arg:node args:nodes defresult:node location:number',
  CASEWHEN: 'expr:node result:node location:number',
  CASETESTEXPR: 'typeId:number typeMod:number collation:number',
  ARRAYEXPR: `array_typeid:number array_collid:number element_typeid:number elements:nodes multidims:flag list_start:number@18
    list_end:number@18 location:number`,
  ROWEXPR: 'args:nodes row_typeid:number row_format:number colnames:words location:number',
  ROWCOMPAREEXPR: `rctype:number@13-17 cmptype:number@18 opnos:numbers opfamilies:numbers inputcollids:numbers largs:nodes rargs:nodes`,
  COALESCEEXPR: 'coalescetype:number coalescecollid:number args:nodes location:number',
  MINMAXEXPR: `minmaxtype:number minmaxcollid:number inputcollid:number op:number args:nodes location:number`,
  SQLVALUEFUNCTION: 'op:number type:number typmod:number location:number',
  XMLEXPR: `op:number name:word named_args:nodes arg_names:words args:nodes xmloption:number indent:flag@16 type:number typmod:number
    location:number`,
  NULLTEST: 'arg:node nulltesttype:number argisrow:flag location:number',
  BOOLEANTEST: 'arg:node booltesttype:number location:number',
  COERCETODOMAIN: `arg:node resulttype:number resulttypmod:number resultcollid:number coercionformat:number location:number`,
  SETTODEFAULT: 'typeId:number typeMod:number collation:number location:number',
  CURRENTOFEXPR: 'cvarno:number cursor_name:word cursor_param:number',
  NEXTVALUEEXPR: 'seqid:number typeId:number',
  JSONFORMAT: 'format_type:number@16 encoding:number@16 location:number@16',
  JSONRETURNING: 'format:node@16 typid:number@16 typmod:number@16',
  JSONVALUEEXPR: 'raw_expr:node@16 formatted_expr:node@16 format:node@16',
  JSONCONSTRUCTOREXPR: `type:number@16 args:nodes@16 func:node@16 coercion:node@16 returning:node@16 absent_on_null:flag@16 unique:flag@16
    location:number@16`,
  JSONISPREDICATE: 'expr:node@16 format:node@16 item_type:number@16 unique_keys:flag@16 location:number@16',
  JSONBEHAVIOR: 'btype:number@17 expr:node@17 coerce:flag@17 location:number@17',
  JSONEXPR: `op:number@17 column_name:word@17 formatted_expr:node@17 format:node@17 path_spec:node@17 returning:node@17
    passing_names:words@17 passing_values:nodes@17 on_empty:node@17 on_error:node@17 use_io_coercion:flag@17 use_json_coercion:flag@17
    wrapper:number@17 omit_quotes:flag@17 collation:number@17 location:number@17`,
  JSONTABLEPATH: 'value:node@17 name:word@17',
  JSONTABLEPATHSCAN: 'path:node@17 errorOnError:flag@17 child:node@17 colMin:number@17 colMax:number@17',
  JSONTABLESIBLINGJOIN: 'lplan:node@17 rplan:node@17',
}

/** A range table entry begins and ends alike; what stands between depends on its kind. */
export const RANGE_TABLE_ENTRY = {
  name: 'RANGETBLENTRY',
  kindField: 'rtekind',
  head: 'alias:node eref:node rtekind:number',
  kinds: {
    0: `relid:number inh:flag@17 relkind:word rellockmode:number tablesample:node@13-16 perminfoindex:number@16 tablesample:node@17`,
    1: `subquery:node security_barrier:flag relid:number@16 inh:flag@17 relkind:word@16 rellockmode:number@16 perminfoindex:number@16`,
    2: `jointype:number joinmergedcols:number joinaliasvars:nodes joinleftcols:numbers joinrightcols:numbers join_using_alias:node@14`,
    3: 'functions:nodes funcordinality:flag',
    4: 'tablefunc:node',
    5: `values_lists:nodes ${COLUMN_TYPES}`,
    6: `ctename:word ctelevelsup:number self_reference:flag ${COLUMN_TYPES}`,
    9: 'groupexprs:nodes@18',
  },
  tail: `lateral:flag inh:flag@13-16 inFromCl:flag requiredPerms:number@13-15 checkAsUser:number@13-15 selectedCols:set@13-15
    insertedCols:set@13-15 updatedCols:set@13-15 extraUpdatedCols:set@13-15 securityQuals:nodes`,
} as const

/** What nodes were called up to version 14. */
export const NAMES_UNTIL_14: Readonly<Record<string, string>> = {
  RANGETBLENTRY: 'RTE',
  ARRAYEXPR: 'ARRAY',
  CASEEXPR: 'CASE',
  CASEWHEN: 'WHEN',
  COALESCEEXPR: 'COALESCE',
  COLLATEEXPR: 'COLLATE',
  MINMAXEXPR: 'MINMAX',
  ROWEXPR: 'ROW',
  ROWCOMPAREEXPR: 'ROWCOMPARE',
}
