// Whether a policy looks at the time. Told from the tree that Cedar made of it: whoever compares the whole context, or
// names an attribute `time` of anything, is counted too.

const TIME = 'time'

export function looksAtTime(tree: unknown): boolean {
  if (Array.isArray(tree)) return tree.some(looksAtTime)
  if (typeof tree !== 'object' || tree === null) return false
  const node = tree as Readonly<Record<string, unknown>>
  if (isContext(node)) return true
  return Object.entries(node).some(([key, inner]) => {
    if (key !== '.' && key !== 'has') return looksAtTime(inner)
    const { left, attr } = (inner ?? {}) as { readonly left?: unknown; readonly attr?: unknown }
    if ([attr].flat().includes(TIME)) return true
    return isContext(left) && attr !== undefined ? false : looksAtTime(left)
  })
}

const isContext = (tree: unknown): boolean =>
  typeof tree === 'object' && tree !== null && (tree as { readonly Var?: unknown }).Var === 'context'
