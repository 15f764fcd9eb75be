-- What people ask, under names that they would guess.

CREATE OR REPLACE VIEW sessions AS
SELECT
    session_id,
    if(isNull(max(p.closed_at)), 'open', 'closed') AS state,
    coalesce(min(p.opened_at), min(p.first_at)) AS opened_at,
    max(p.closed_at) AS closed_at,
    max(p.last_at) AS last_at,
    max(p.subject) AS subject,
    max(p.subject_kind) AS subject_kind,
    max(p.subject_issuer) AS subject_issuer,
    max(p.subject_groups) AS subject_groups,
    max(p.on_behalf_of) AS on_behalf_of,
    max(p.connection) AS connection,
    max(p.protocol) AS protocol,
    max(p.application) AS application,
    max(p.database_user) AS database_user,
    max(p.client_address) AS client_address,
    max(p.node_id) AS node_id,
    sum(p.commands) AS commands,
    sum(p.denied) AS denied,
    sum(p.failed) AS failed,
    sum(p.rows) AS rows,
    sum(p.bytes) AS bytes,
    sum(p.events) AS events,
    max(p.last_sequence) + 1 - sum(p.events) AS missing_events,
    sum(p.unsanitised) AS unsanitised_events,
    max(p.outcome) AS outcome
FROM session_parts AS p
GROUP BY session_id;

CREATE OR REPLACE VIEW open_sessions AS
SELECT * FROM sessions WHERE state = 'open';

CREATE OR REPLACE VIEW session_gaps AS
SELECT session_id, subject, connection, opened_at, events, missing_events FROM sessions WHERE missing_events != 0;

CREATE OR REPLACE VIEW statements AS SELECT * FROM commands;

CREATE OR REPLACE VIEW queries AS SELECT * FROM commands;

CREATE OR REPLACE VIEW denied AS SELECT * FROM commands WHERE decision = 'deny';

CREATE OR REPLACE VIEW denials AS SELECT * FROM commands WHERE decision = 'deny';

CREATE OR REPLACE VIEW failed AS SELECT * FROM commands WHERE status NOT IN ('ok', 'refused', 'skipped');

CREATE OR REPLACE VIEW writes AS SELECT * FROM access WHERE how = 'write';

CREATE OR REPLACE VIEW reads AS SELECT * FROM access WHERE how != 'write';

CREATE OR REPLACE VIEW subjects AS
SELECT
    c.subject AS subject,
    c.subject_kind AS subject_kind,
    min(c.time) AS first_seen,
    max(c.time) AS last_seen,
    uniqExact(c.session_id) AS sessions,
    count() AS commands,
    countIf(c.decision = 'deny') AS denied,
    sum(c.rows) AS rows,
    sum(c.masked) AS masked
FROM commands AS c
GROUP BY c.subject, c.subject_kind;

CREATE OR REPLACE VIEW agents AS SELECT * FROM subjects WHERE subject_kind = 'agent';

CREATE OR REPLACE VIEW objects AS
SELECT
    a.connection AS connection,
    a.object AS object,
    max(a.time) AS last_access,
    uniqExact(a.subject) AS subjects,
    uniqExact(a.command_id) AS commands,
    uniqExactIf(a.command_id, a.how = 'write') AS writes
FROM access AS a
GROUP BY a.connection, a.object;

CREATE OR REPLACE VIEW access_by_day AS
SELECT
    toDate(a.time) AS day,
    a.connection AS connection,
    a.object AS object,
    a.subject AS subject,
    a.how AS how,
    uniqExact(a.command_id) AS commands,
    countIf(a.decision = 'deny') AS denied
FROM access AS a
GROUP BY day, a.connection, a.object, a.subject, a.how;
