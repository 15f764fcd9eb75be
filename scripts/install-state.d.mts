export function lockHash(root: string): string
export function installState(root: string): 'current' | 'outdated' | 'none'
export function markInstalled(root: string): void
export function hasDevelopmentTools(root: string): boolean
export function satisfies(installed: Readonly<Record<string, object>>, wanted: Readonly<Record<string, object>>): boolean
