// Builds dist/: ES modules for Node, split into shared chunks so that a program loads only what it
// uses; the same for browsers (build/browser.mjs); and type declarations. Node's own modules stay
// external; files named *.node.ts are reached through dynamic imports only.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildForBrowsers, entryPoints } from './build/browser.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
rmSync(join(root, 'dist'), { recursive: true, force: true });

/** What the build is made of: compiled programs that were kept by another build are not used. */
const hash = createHash('sha256');
for (const file of readdirSync(join(root, 'src'), { recursive: true }).sort())
  if (file.endsWith('.ts') && !file.endsWith('.test.ts'))
    hash.update(file).update(readFileSync(join(root, 'src', file)));

await build({
  absWorkingDir: root,
  define: { __GRADLOOM_BUILD__: JSON.stringify(hash.digest('hex').slice(0, 16)) },
  entryPoints: {
    ...entryPoints,
    cli: 'src/cli/main.ts',
    native: 'src/backends/native/index.ts',
    'native-stub': 'src/backends/native-stub.ts',
  },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  platform: 'neutral',
  mainFields: ['module', 'main'],
  packages: 'external',
  external: ['node:*', '#native'],
  chunkNames: 'chunks/[name]-[hash]',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  sourcemap: true,
  logLevel: 'warning',
});

await buildForBrowsers(root);

if (!process.argv.includes('--no-types')) {
  execFileSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.build.json'],
    {
      cwd: root,
      stdio: 'inherit',
    },
  );
}
