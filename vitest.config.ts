import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

// Forks: the tests open SQLite files, sockets and child processes, and a crash must not take the others along.
export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'services/*/src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: Math.min(4, availableParallelism()),
    testTimeout: 60_000,
    // When waiting ends, not how long anything may take: the default of a second is nothing on a busy machine.
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    allowOnly: false,
    passWithNoTests: false,
  },
})
