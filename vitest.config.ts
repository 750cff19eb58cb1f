import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Imports of the package by its own name, and of #native, lead to the sources.
  resolve: { conditions: ['gradloom-source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['gradloom-source', 'node', 'import', 'default'] } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'playground/src/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    setupFiles: ['test/setup.ts'],
  },
});
