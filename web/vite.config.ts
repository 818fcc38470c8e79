import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { compressAssets } from './build/compress.ts';
import { writeLicenses } from './build/licenses.ts';

/** The server that development asks; `stagedoor demo` listens there. */
const server = process.env.STAGEDOOR_URL ?? 'http://127.0.0.1:8000';

export default defineConfig({
  plugins: [svelte(), writeLicenses(), compressAssets()],
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 600,
  },
  server: {
    // `changeOrigin` keeps the server's checks of Host and Origin content.
    proxy: Object.fromEntries(
      ['/v1', '/ui/api'].map((path) => [path, { target: server, changeOrigin: true, headers: { origin: server } }]),
    ),
  },
  test: {
    include: ['src/**/*.test.ts'],
    environment: 'node',
  },
  // Vitest would otherwise take Svelte's server build.
  resolve: process.env.VITEST ? { conditions: ['browser'] } : undefined,
});
