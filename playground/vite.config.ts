/** The playground's site: `npm run playground`, `npm run playground:build`. */
import { fileURLToPath } from 'node:url';
import { defineConfig, type UserConfig } from 'vite';
import { mnistFiles } from './scripts/mnist-files.ts';
import { serverOnly } from './scripts/server-only.ts';

/** What makes a page cross-origin isolated, so that it may share memory with threads. */
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

const conditions = ['gradloom-source', 'browser', 'module', 'import', 'default'];

const config: UserConfig = defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  base: './',
  resolve: { conditions },
  server: { headers: isolation },
  preview: { headers: isolation },
  plugins: [serverOnly(), mnistFiles()],
  worker: { format: 'es', plugins: () => [serverOnly()] },
  build: { target: 'es2022', outDir: 'dist', chunkSizeWarningLimit: 700 },
});

export default config;
