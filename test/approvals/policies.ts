// Policies under which agents write with an approval, and nobody drops a table.

import type { PolicyFile } from '@sluice/events'

export const WRITES_WITH_APPROVAL: readonly PolicyFile[] = [
  {
    name: 'test.cedar',
    text: `@id("connects")
permit (principal in Group::"agents", action == Action::"connect", resource);

@id("reads")
permit (
  principal in Group::"agents",
  action in [Action::"sql:read", Action::"sql:transaction", Action::"sql:session"],
  resource
);

@id("agents-write-with-approval")
@approval("data-owner")
permit (principal in Group::"agents", action in [Action::"sql:write", Action::"sql:ddl"], resource);

@id("never-drop")
@reason("tables stay")
forbid (principal, action == Action::"sql:ddl", resource) when { context.kinds.contains("DROP TABLE") };

@id("never-unfiltered")
@reason("name the rows with WHERE")
forbid (principal, action == Action::"sql:write", resource) when { context.unfiltered };

@id("never-unknown")
@reason("what can't be read in full is not sent")
forbid (principal, action == Action::"sql:unknown", resource);
`,
  },
]
