// The engine's own configuration: caches that fit beside other services, limits that hold for every request, and a
// user without rights to files, URLs, other servers, functions or users. So even a question that slipped through the
// console's gate could read nothing but the index.

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const MiB = 1_048_576

export const ENGINE_MEMORY_BYTES = 1_536 * MiB
export const ENGINE_CACHE_BYTES = 64 * MiB
/** Hold for each request that does not state its own. */
export const ENGINE_QUERY_SECONDS = 60
export const ENGINE_QUERY_MEMORY_BYTES = 768 * MiB
export const ENGINE_RESULT_BYTES = 64 * MiB

/** On the index's own database; nothing else but reading `system` is allowed. */
const RIGHTS =
  'SELECT, INSERT, ALTER, CREATE DATABASE, CREATE TABLE, CREATE VIEW, DROP TABLE, DROP VIEW, TRUNCATE, OPTIMIZE'

/** Writes the files below `dir` (for the owner only) and returns the path of the main one. */
export function writeEngineConfiguration(dir: string, database: string): string {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const users = join(dir, 'users.xml')
  const main = join(dir, 'config.xml')
  writePrivate(users, usersXml(database))
  writePrivate(main, mainXml(users, join(dir, 'no-user-files')))
  return main
}

function writePrivate(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 })
  chmodSync(file, 0o600)
}

function mainXml(usersFile: string, userFilesDir: string): string {
  return `<clickhouse>
  <users_config>${escapeXml(usersFile)}</users_config>
  <user_files_path>${escapeXml(userFilesDir)}/</user_files_path>
  <max_server_memory_usage>${ENGINE_MEMORY_BYTES}</max_server_memory_usage>
  <mark_cache_size>${ENGINE_CACHE_BYTES}</mark_cache_size>
  <uncompressed_cache_size>0</uncompressed_cache_size>
  <index_mark_cache_size>${ENGINE_CACHE_BYTES / 4}</index_mark_cache_size>
  <background_pool_size>2</background_pool_size>
  <background_schedule_pool_size>2</background_schedule_pool_size>
  <max_thread_pool_size>200</max_thread_pool_size>
  <access_control_improvements>
    <table_engines_require_grant>true</table_engines_require_grant>
    <select_from_system_db_requires_grant>true</select_from_system_db_requires_grant>
  </access_control_improvements>
</clickhouse>
`
}

function usersXml(database: string): string {
  return `<clickhouse>
  <profiles>
    <default>
      <session_timezone>UTC</session_timezone>
      <async_insert>0</async_insert>
      <max_execution_time>${ENGINE_QUERY_SECONDS}</max_execution_time>
      <max_memory_usage>${ENGINE_QUERY_MEMORY_BYTES}</max_memory_usage>
      <max_result_bytes>${ENGINE_RESULT_BYTES}</max_result_bytes>
      <max_threads>2</max_threads>
      <allow_introspection_functions>0</allow_introspection_functions>
    </default>
  </profiles>
  <quotas><default></default></quotas>
  <users>
    <default>
      <no_password/>
      <networks><ip>::1</ip><ip>127.0.0.1</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants>
        <query>GRANT ${RIGHTS} ON ${escapeXml(database)}.*</query>
        <query>GRANT TABLE ENGINE ON MergeTree, TABLE ENGINE ON AggregatingMergeTree, TABLE ENGINE ON ReplacingMergeTree</query>
        <query>GRANT SELECT ON system.*</query>
      </grants>
    </default>
  </users>
</clickhouse>
`
}

function escapeXml(text: string): string {
  return text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
