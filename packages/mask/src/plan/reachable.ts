/** `start`, and all that can be reached from there, step by step. */
export function reachableFrom<Place>(
  start: Iterable<Place>,
  next: (place: Place) => Iterable<Place> | undefined,
): ReadonlySet<Place> {
  const found = new Set(start)
  // A set hands out what is added while it is walked.
  for (const place of found) for (const further of next(place) ?? []) found.add(further)
  return found
}
