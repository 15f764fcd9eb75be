/** The demo's real parts, run without Docker: a PostgreSQL server, its database `shop`, and an OIDC provider. */
export {
  AUDIENCES,
  DEMO_NAMES,
  DEMO_PEOPLE,
  type DemoAudience,
  type DemoName,
  GROUPS_CLAIM,
  isDemoName,
  KIND_CLAIM,
} from './identity/people.ts'
export { requestDemoToken, type TokenRequest } from './identity/request-token.ts'
export { newSigningKey } from './identity/signing-key.ts'
export { findPostgres, POSTGRES_MAJORS, type PostgresBinaries, type PostgresMajor } from './postgres/binaries.ts'
export { stopLeftoverPostgres } from './postgres/leftover.ts'
export { removePlace as removePostgres } from './postgres/place.ts'
export { type PostgresOptions, type PostgresServer, startPostgres } from './postgres/server.ts'
export type { DemoSettings } from './settings.ts'
export { GATEWAY_ROLE, loadShop, SHOP_DATABASE, type ShopServer, shopIsLoaded } from './shop/load.ts'
export { CUSTOMERS, type Customer, ORDERS, type Order, shopCustomers, shopOrders } from './shop/rows.ts'
