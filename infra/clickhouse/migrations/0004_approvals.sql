-- What people decided, beside each access.

ALTER TABLE access ADD COLUMN IF NOT EXISTS `reason` LowCardinality(String) AFTER `policy`;

ALTER TABLE access ADD COLUMN IF NOT EXISTS `approval_id` String COMMENT 'Empty where nobody was asked' AFTER `reason`;

ALTER TABLE events COMMENT COLUMN `kind` 'session_opened, request, approval_used, response, finished, session_closed';

CREATE OR REPLACE VIEW unfinished AS
SELECT
    e.event_id AS command_id,
    e.session_id AS session_id,
    e.sequence AS sequence,
    e.time AS time,
    e.subject AS subject,
    e.subject_kind AS subject_kind,
    e.subject_groups AS subject_groups,
    e.on_behalf_of AS on_behalf_of,
    e.connection AS connection,
    e.protocol AS protocol,
    e.operation AS operation,
    e.actions AS actions,
    e.resources AS objects,
    e.text AS text,
    e.decision AS decision,
    e.policies AS policies,
    e.reason AS reason,
    e.approval_id AS approval_id,
    e.node_id AS node_id
FROM events AS e
WHERE e.kind = 'request'
    AND e.session_id IN (SELECT session_id FROM session_parts GROUP BY session_id HAVING sum(requests) > sum(commands))
    AND e.event_id NOT IN (
        SELECT assumeNotNull(request_id) FROM events
        WHERE kind = 'finished' AND isNotNull(request_id)
            AND session_id IN (SELECT session_id FROM session_parts GROUP BY session_id HAVING sum(requests) > sum(commands))
    );

CREATE OR REPLACE VIEW approved AS SELECT * FROM commands WHERE decision = 'permit' AND approval_id != '';
