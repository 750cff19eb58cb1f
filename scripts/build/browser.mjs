// What browsers get, in two forms, neither of which holds anything of Node's:
//
//   dist/browser/  minified, dependencies included, shared chunks: for <script type="module">, as it is
//   dist/modules/  a file a source file, dependencies by name: for bundlers, which then leave out
//                  whatever a program does not use
import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';

/** The namespaces of Keras, which are subpaths too (gradloom/keras/layers). */
const namespaces = [
  ...readFileSync(new URL('../../src/keras/index.ts', import.meta.url), 'utf8').matchAll(
    /^export \* as (\w+) from '\.\/\1\/index\.ts';$/gm,
  ),
].map(([, name]) => name);

/** Names of the subpaths and where each begins. */
export const entryPoints = {
  ...Object.fromEntries(namespaces.map((n) => [`keras/${n}`, `src/keras/${n}/index.ts`])),
  index: 'src/index.ts',
  keras: 'src/keras/index.ts',
  numpy: 'src/numpy/index.ts',
  pyplot: 'src/pyplot/index.ts',
  graph: 'src/graph/index.ts',
  data: 'src/data/index.ts',
  datasets: 'src/datasets/index.ts',
};

const standIn = 'src/node-only.ts';

/** Node's modules, files written for it, and packages of machine code lead to a module that says so. */
const nodeOnly = /^node:|\.node\.ts$|^@resvg\/resvg-js$|^koffi$|^webgpu$/;

/**
 * Writes the name of each class into it (`static name = "Dense"`): configs and messages give it, and
 * minifiers, ours and those of bundlers, would otherwise change it. A static field, unlike a static
 * block, does not keep them from leaving out the class.
 */
export const classNames = {
  name: 'class-names',
  setup(b) {
    b.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const { readFile } = await import('node:fs/promises');
      const { transform } = await import('esbuild');
      const text = await readFile(path, 'utf8');
      if (!/\bclass\b/.test(text)) return { contents: text, loader: 'ts' };
      const { code } = await transform(text, {
        loader: 'ts',
        target: 'es2022',
        sourcefile: path,
        sourcemap: b.initialOptions.sourcemap ? 'inline' : false,
      });
      return {
        contents: code.replace(
          /^((?:export )?(?:default )?class (\w+)(?: extends [^{\n]+)? \{)/gm,
          (head, _, name) => `${head} static name = ${JSON.stringify(name)};`,
        ),
        loader: 'js',
      };
    });
  },
};

/** Leads what only Node has to the stand-in. */
const withoutNode = (root) => ({
  name: 'without-node',
  setup(b) {
    b.onResolve({ filter: nodeOnly }, () => ({ path: join(root, standIn) }));
    b.onResolve({ filter: /^#native$/ }, () => ({
      path: join(root, 'src/backends/native-stub.ts'),
    }));
  },
});

/** The same for single modules: every import stays one, of a file at the same place in the tree. */
const asModules = (root) => ({
  name: 'as-modules',
  setup(b) {
    const external = (path, importer) => {
      const from = relative(dirname(importer), path.replace(/\.ts$/, '.js')).replaceAll('\\', '/');
      return { path: from.startsWith('.') ? from : `./${from}`, external: true };
    };
    b.onResolve({ filter: /./ }, ({ kind, path, importer, resolveDir }) => {
      if (kind === 'entry-point') return undefined;
      if (nodeOnly.test(path)) return external(join(root, standIn), importer);
      if (path === '#native') return external(join(root, 'src/backends/native-stub.ts'), importer);
      if (path.startsWith('.')) return external(join(resolveDir, path), importer);
      return { path, external: true };
    });
  },
});

const common = (root) => ({
  absWorkingDir: root,
  bundle: true,
  format: 'esm',
  target: 'es2022',
  platform: 'browser',
  conditions: ['gradloom-source'],
  logLevel: 'warning',
});

/** Options for whatever a page loads that is made of the sources; also of the tests' and benchmarks' pages. */
export const forPages = (root) => ({
  ...common(root),
  splitting: true,
  plugins: [withoutNode(root), classNames],
});

export async function buildForBrowsers(root) {
  const { metafile } = await build({
    ...forPages(root),
    entryPoints,
    outdir: 'dist/browser',
    minify: true,
    chunkNames: 'chunks/[name]-[hash]',
    sourcemap: true,
    metafile: true,
  });
  const sources = Object.keys(metafile.inputs).filter((f) => f.startsWith('src/'));
  await build({
    ...common(root),
    entryPoints: sources,
    outbase: 'src',
    outdir: 'dist/modules',
    plugins: [asModules(root), classNames],
  });
}
