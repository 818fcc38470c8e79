import { defineConfig } from 'vitest/config';

/** Journeys of people in a real Chromium against the real server and the sandbox. */
export default defineConfig({
  root: import.meta.dirname,
  test: {
    include: ['**/*.test.ts'],
    environment: 'node',
    testTimeout: 180_000,
    hookTimeout: 120_000,
    // Each file has its own cloud, server and browser; two cores carry one at a time.
    fileParallelism: false,
    pool: 'forks',
    retry: 0,
    expect: { poll: { timeout: 30_000, interval: 50 } },
  },
});
