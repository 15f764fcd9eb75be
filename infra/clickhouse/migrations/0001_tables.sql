-- The index: every event, and what people ask about, derived from it. Rows are written exactly once: each insert carries
-- a deduplication token, and `topic`, `partition` and `offset` say where a row comes from.
-- Nothing here holds a raw value: the audit stream, which all of it comes from, holds none.

CREATE TABLE IF NOT EXISTS events
(
    `topic` LowCardinality(String),
    `partition` UInt32,
    `offset` UInt64 CODEC(Delta, ZSTD(1)),
    `logged_at` DateTime64(6, 'UTC') COMMENT 'When the log took the record: what retention counts from' CODEC(Delta, ZSTD(1)),
    `event_id` UUID,
    `session_id` UUID,
    `sequence` UInt64 COMMENT 'From 0 in each session, without gaps',
    `time` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `node_id` LowCardinality(String),
    `kind` LowCardinality(String) COMMENT 'session_opened, request, response, finished, session_closed',
    `direction` LowCardinality(String),
    `protocol` LowCardinality(String),
    `connection` LowCardinality(String),
    `subject` LowCardinality(String),
    `subject_kind` LowCardinality(String) COMMENT 'human, agent, service',
    `subject_issuer` LowCardinality(String),
    `subject_groups` Array(LowCardinality(String)),
    `on_behalf_of` LowCardinality(String),
    `operation` LowCardinality(String) COMMENT 'The protocol''s name of the frame',
    `request_id` Nullable(UUID) COMMENT 'On response and finished: the event of the request',
    `actions` Array(LowCardinality(String)),
    `resources` Array(String),
    `touches` Array(Tuple(object String, column String, tag String, how String)),
    `fingerprint` String,
    `decision` LowCardinality(String) COMMENT 'permit, deny, pending; empty where nothing was decided',
    `policies` Array(LowCardinality(String)),
    `policy_version` LowCardinality(String),
    `reason` LowCardinality(String),
    `approval_id` String,
    `grant_id` String,
    `obligations` Array(Tuple(kind String, tag String, count UInt64)),
    `status` LowCardinality(String) COMMENT 'ok, error, refused, cancelled, skipped, interrupted',
    `error` LowCardinality(String) COMMENT 'The protocol''s error code; for PostgreSQL the SQLSTATE',
    `rows` UInt64,
    `bytes` UInt64,
    `duration_us` UInt64,
    `client_address` String,
    `trace` String COMMENT 'traceparent, as claimed by the client',
    `text` String COMMENT 'The statement as it may be shown' CODEC(ZSTD(3)),
    `claims` Map(LowCardinality(String), String) COMMENT 'What the client said of itself, as it may be shown',
    `unsanitised` Bool COMMENT 'The masker could not open the frame: everything is withheld',
    `retention_days` UInt16,
    `record_base64` String EPHEMERAL,
    `record` String DEFAULT base64Decode(record_base64) COMMENT 'The audit record, byte for byte' CODEC(ZSTD(3)),
    `headers` String COMMENT 'The record''s headers as JSON' CODEC(ZSTD(3)),
    INDEX event_ids event_id TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX times time TYPE minmax GRANULARITY 1,
    INDEX offsets offset TYPE minmax GRANULARITY 1,
    INDEX words text TYPE text(tokenizer = 'splitByNonAlpha')
)
ENGINE = MergeTree
PARTITION BY (toYYYYMMDD(logged_at), retention_days)
ORDER BY (session_id, sequence)
TTL toDateTime(logged_at) + toIntervalDay(retention_days)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS commands
(
    `topic` LowCardinality(String),
    `partition` UInt32,
    `offset` UInt64 CODEC(Delta, ZSTD(1)),
    `logged_at` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `command_id` UUID COMMENT 'The event of the request: the id that a refusal names',
    `event_id` UUID COMMENT 'The event that finished it',
    `session_id` UUID,
    `sequence` UInt64,
    `time` DateTime64(6, 'UTC') COMMENT 'When it began' CODEC(Delta, ZSTD(1)),
    `finished_at` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `subject` LowCardinality(String),
    `subject_kind` LowCardinality(String),
    `subject_issuer` LowCardinality(String),
    `subject_groups` Array(LowCardinality(String)),
    `on_behalf_of` LowCardinality(String),
    `connection` LowCardinality(String),
    `protocol` LowCardinality(String),
    `operation` LowCardinality(String),
    `action` LowCardinality(String) COMMENT 'The first of the actions',
    `actions` Array(LowCardinality(String)),
    `objects` Array(String),
    `fingerprint` String,
    `text` String CODEC(ZSTD(3)),
    `decision` LowCardinality(String),
    `policy` LowCardinality(String) COMMENT 'The policies that decided, comma between',
    `policies` Array(LowCardinality(String)),
    `policy_version` LowCardinality(String),
    `reason` LowCardinality(String),
    `approval_id` String,
    `grant_id` String,
    `status` LowCardinality(String),
    `error` LowCardinality(String),
    `rows` UInt64,
    `bytes` UInt64,
    `masked` UInt64 COMMENT 'How many values were masked',
    `masked_tags` Array(Tuple(tag String, count UInt64)),
    `duration_us` UInt64,
    `trace` String,
    `trace_id` String,
    `node_id` LowCardinality(String),
    `unsanitised` Bool,
    `retention_days` UInt16,
    `duration_ms` Float64 ALIAS duration_us / 1000,
    INDEX command_ids command_id TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX sessions session_id TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX traces trace_id TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX words text TYPE text(tokenizer = 'splitByNonAlpha')
)
ENGINE = MergeTree
PARTITION BY (toYYYYMMDD(logged_at), retention_days)
ORDER BY (time, session_id, sequence)
TTL toDateTime(logged_at) + toIntervalDay(retention_days)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS access
(
    `topic` LowCardinality(String),
    `partition` UInt32,
    `offset` UInt64 CODEC(Delta, ZSTD(1)),
    `logged_at` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `command_id` UUID,
    `session_id` UUID,
    `sequence` UInt64,
    `time` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `subject` LowCardinality(String),
    `subject_kind` LowCardinality(String),
    `subject_issuer` LowCardinality(String),
    `subject_groups` Array(LowCardinality(String)),
    `on_behalf_of` LowCardinality(String),
    `connection` LowCardinality(String),
    `object` String COMMENT 'As recorded: connection/schema.relation',
    `schema` LowCardinality(String),
    `relation` LowCardinality(String),
    `column` LowCardinality(String) COMMENT 'Empty where the columns of a command were not recorded',
    `how` LowCardinality(String) COMMENT 'output, compare, sort, write; read or write where only the object is known',
    `tag` LowCardinality(String),
    `action` LowCardinality(String),
    `decision` LowCardinality(String),
    `policy` LowCardinality(String),
    `status` LowCardinality(String),
    `error` LowCardinality(String),
    `rows` UInt64,
    `masked` UInt64,
    `text` String CODEC(ZSTD(3)),
    `retention_days` UInt16
)
ENGINE = MergeTree
PARTITION BY (toYYYYMMDD(logged_at), retention_days)
ORDER BY (relation, time, session_id, sequence)
TTL toDateTime(logged_at) + toIntervalDay(retention_days)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;

CREATE TABLE IF NOT EXISTS session_parts
(
    `session_id` UUID,
    `opened_at` SimpleAggregateFunction(min, Nullable(DateTime64(6, 'UTC'))),
    `closed_at` SimpleAggregateFunction(max, Nullable(DateTime64(6, 'UTC'))),
    `first_at` SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    `last_at` SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    `logged_at` SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    `last_sequence` SimpleAggregateFunction(max, UInt64),
    `events` SimpleAggregateFunction(sum, UInt64),
    `commands` SimpleAggregateFunction(sum, UInt64),
    `denied` SimpleAggregateFunction(sum, UInt64),
    `failed` SimpleAggregateFunction(sum, UInt64),
    `rows` SimpleAggregateFunction(sum, UInt64),
    `bytes` SimpleAggregateFunction(sum, UInt64),
    `unsanitised` SimpleAggregateFunction(sum, UInt64),
    `outcome` SimpleAggregateFunction(max, String),
    `subject` SimpleAggregateFunction(max, String),
    `subject_kind` SimpleAggregateFunction(max, String),
    `subject_issuer` SimpleAggregateFunction(max, String),
    `subject_groups` SimpleAggregateFunction(max, Array(String)),
    `on_behalf_of` SimpleAggregateFunction(max, String),
    `connection` SimpleAggregateFunction(max, String),
    `protocol` SimpleAggregateFunction(max, String),
    `node_id` SimpleAggregateFunction(max, String),
    `client_address` SimpleAggregateFunction(max, String),
    `application` SimpleAggregateFunction(max, String),
    `database_user` SimpleAggregateFunction(max, String),
    `retention_days` SimpleAggregateFunction(max, UInt16)
)
ENGINE = AggregatingMergeTree
ORDER BY session_id
TTL toDateTime(logged_at) + toIntervalDay(retention_days)
SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1;
