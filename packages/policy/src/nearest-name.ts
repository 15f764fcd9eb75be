// What was probably meant: the name with the fewest letters to change.

/** Null where none is near enough to be a slip. */
export function nearestName(wrong: string, names: readonly string[]): string | null {
  const ranked = names
    .map((name) => ({ name, changes: changesBetween(wrong.slice(0, MAX_CHARACTERS), name) }))
    .sort((a, b) => a.changes - b.changes)
  const best = ranked[0]
  return best !== undefined && best.changes <= Math.max(1, Math.floor(best.name.length / 3)) ? best.name : null
}

const MAX_CHARACTERS = 80

/** Letters to add, drop or replace. */
function changesBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + Number(a[i - 1] !== b[j - 1])
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}
