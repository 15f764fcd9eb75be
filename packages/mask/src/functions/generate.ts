// Writes the reviewed lists from the catalogs of real servers, one for each supported major version:
//   node packages/mask/src/functions/generate.ts postgres://…13 postgres://…14 …
// What is allowed is decided in review.ts; the files hold names and ids, by the range of versions that has them so.

import { writeFileSync } from 'node:fs'
import { type ListedServer, type ListName, readServer } from './read-server.ts'

const FILES: Readonly<Record<string, readonly ListName[]>> = {
  'total-functions': ['total', 'sized', 'counts'],
  'plain-functions': ['plain'],
  'refused-functions': ['refused'],
  operators: ['operators', 'equality'],
  objects: ['types', 'asText', 'textual', 'catalogs', 'closedColumns', 'collations'],
}

/** `14-16`: first and last major version, without a last one the newest has it. The ranges of versions in which a list has an entry: it may go and come again. */
function rangesOf(majors: readonly number[], has: readonly boolean[]): string[] {
  const ranges: string[] = []
  for (let first = 0; first < has.length; first += 1) {
    if (!has[first] || has[first - 1]) continue
    const end = has.indexOf(false, first)
    ranges.push(end === -1 ? `${majors[first]}-` : `${majors[first]}-${majors[end - 1]}`)
  }
  return ranges
}

/** `abs:1394`, `abs:1395` → `abs:1394,1395`; entries without a name stay as they are. */
function packed(entries: readonly string[]): string[] {
  const byName = new Map<string, string[]>()
  for (const entry of entries) {
    const colon = entry.indexOf(':')
    const name = entry.slice(0, colon + 1)
    byName.set(name, [...(byName.get(name) ?? []), entry.slice(colon + 1)])
  }
  return [...byName]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, ids]) => (name === '' ? ids : name + ids.join(',')))
}

function wrapped(entries: readonly string[]): string[] {
  const lines: string[] = []
  for (const entry of entries) {
    const last = lines.at(-1)
    if (last === undefined || last.length + entry.length > 108) lines.push(entry)
    else lines[lines.length - 1] = `${last} ${entry}`
  }
  return lines
}

/** Lines of entries by the range of versions that has them. */
export function listOf(servers: readonly ListedServer[], name: ListName): Record<string, string[]> {
  const majors = servers.map((server) => server.major)
  const sets = servers.map((server) => new Set(server.lists[name]))
  const grouped = new Map<string, string[]>()
  for (const entry of new Set(servers.flatMap((server) => server.lists[name]))) {
    for (const range of rangesOf(
      majors,
      sets.map((set) => set.has(entry)),
    )) {
      grouped.set(range, [...(grouped.get(range) ?? []), entry])
    }
  }
  const sorted = [...grouped].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([range, entries]) => [range, wrapped(packed(entries))]))
}

if (import.meta.main) {
  const servers = (await Promise.all(process.argv.slice(2).map(readServer))).sort((a, b) => a.major - b.major)
  for (const [file, names] of Object.entries(FILES)) {
    const lists = Object.fromEntries(names.map((name) => [name, listOf(servers, name)]))
    writeFileSync(new URL(`./${file}.json`, import.meta.url), `${JSON.stringify(lists, null, 2)}\n`)
  }
}
