// What a statement costs that nobody has sent before: reading its text, its tree from the server, lineage, what is
// masked, the policies' decision. Compared with the same statement without a gateway, and through one that masks nothing.

import { MASKED, maskedBy } from './masked-rows.ts'
import { type Endpoint, RawSession } from './raw-session.ts'
import { startSluice } from './sluice-target.ts'
import { type Percentiles, percentiles } from './statistics.ts'
import type { Instance } from './targets.ts'
import { ORDER_ROWS, type Upstream } from './upstream.ts'

const WARM_UPS = 300
const SIGHTS = 500

/** Milliseconds from sending to the end of the answer. */
export type FirstSights = {
  readonly direct: Percentiles
  readonly transparent: Percentiles
  readonly masked: Percentiles
}

export type FirstSightFigures = { readonly oneTable: FirstSights; readonly join: FirstSights }

/** Their names make them other statements, not their constants alone. */
const oneTable = (index: number): string =>
  `SELECT id, name AS n${index}, email AS e${index} FROM people WHERE id = ${index} AND name <> 'x${index}'`
const twoTables = (index: number): string =>
  `SELECT p.name AS n${index}, p.email, o.status, count(*) OVER () AS c${index} FROM people p
   JOIN orders o ON o.id = p.id WHERE p.id = ${(index % ORDER_ROWS) + 1} ORDER BY o.status LIMIT ${index}`

const open = ({ port, user, password, database }: Omit<Endpoint, 'authority'>): Promise<RawSession> =>
  RawSession.open({ port, user, password, database, authority: null })

type Sessions = Readonly<Record<keyof FirstSights, RawSession>>

/** In turn, so that what else the machine does touches all alike. */
const measureSights = async (sessions: Sessions, from: number, textOf: (index: number) => string) => {
  const taken: Record<keyof FirstSights, number[]> = { direct: [], transparent: [], masked: [] }
  for (let index = from; index < from + WARM_UPS + SIGHTS; index++) {
    for (const [name, session] of Object.entries(sessions) as [keyof FirstSights, RawSession][]) {
      const { rows, millis } = await session.count(textOf(index))
      if (rows !== 1) throw new Error(`${rows} rows came`)
      if (index >= from + WARM_UPS) taken[name].push(millis)
    }
  }
  const { direct, transparent, masked } = taken
  return { direct: percentiles(direct), transparent: percentiles(transparent), masked: percentiles(masked) }
}

export const measureFirstSights = async (
  upstream: Upstream,
  rounds: number,
  onRound: (figures: FirstSightFigures) => void,
): Promise<readonly FirstSightFigures[]> => {
  const instance: Instance = await startSluice(upstream, 'off')
  const sessions = {
    direct: await open(upstream),
    transparent: await open(instance),
    masked: await open(maskedBy(instance, MASKED)),
  }
  try {
    const all: FirstSightFigures[] = []
    for (let index = 1; all.length < rounds; index += WARM_UPS + SIGHTS) {
      const figures = {
        oneTable: await measureSights(sessions, index, oneTable),
        join: await measureSights(sessions, index, twoTables),
      }
      onRound(figures)
      all.push(figures)
    }
    return all
  } finally {
    for (const session of Object.values(sessions)) session.close()
    await instance.stop()
  }
}
