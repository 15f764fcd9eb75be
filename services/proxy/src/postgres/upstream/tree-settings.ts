// Settings of an upstream session whose statements are analysed: it prints the tree of each one, and sends it here. As
// start-up parameters they are what RESET and DISCARD ALL go back to.

/** What clients set of these is kept elsewhere: they belong to the gateway. */
export const TREE_SETTINGS: ReadonlyMap<string, string> = new Map([
  ['debug_print_rewritten', 'on'],
  ['debug_print_parse', 'off'],
  ['debug_print_plan', 'off'],
  ['debug_pretty_print', 'off'],
  ['client_min_messages', 'log'],
])

/** An index that has all that is asked for is read in the order of its columns, whatever the statement says. */
export const QUIET_SCANS: ReadonlyMap<string, string> = new Map([['enable_indexonlyscan', 'off']])
