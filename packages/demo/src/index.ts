/** The demo's real parts, run without Docker: a PostgreSQL server, its database `shop`, and an OIDC provider. */
export { findPostgres, POSTGRES_MAJORS, type PostgresBinaries, type PostgresMajor } from './postgres/binaries.ts'
export { removePlace as removePostgres } from './postgres/place.ts'
export { type PostgresOptions, type PostgresServer, startPostgres } from './postgres/server.ts'
