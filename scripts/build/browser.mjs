// What browsers get, in two forms, neither of which holds anything of Node's:
//
//   dist/browser/  minified, dependencies included, shared chunks: for <script type="module">, as it is
//   dist/modules/  a file a source file, dependencies by name: for bundlers, which then leave out
//                  whatever a program does not use
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { build, transform } from 'esbuild';

/** The namespaces of Keras, which are subpaths too (gradloom/keras/layers). */
const namespaces = [
  ...readFileSync(new URL('../../src/keras/index.ts', import.meta.url), 'utf8').matchAll(
    /^export \* as (\w+) from '\.\/\1\/index\.ts';$/gm,
  ),
].map(([, name]) => name);

const mainEntries = {
  index: 'src/index.ts',
  keras: 'src/keras/index.ts',
  numpy: 'src/numpy/index.ts',
  pyplot: 'src/pyplot/index.ts',
  graph: 'src/graph/index.ts',
  data: 'src/data/index.ts',
  datasets: 'src/datasets/index.ts',
  onnx: 'src/onnx/index.ts',
  tfjs: 'src/tfjs/index.ts',
};

/** Names of the subpaths and where each begins. */
export const entryPoints = {
  ...mainEntries,
  ...Object.fromEntries(namespaces.map((n) => [`keras/${n}`, `src/keras/${n}/index.ts`])),
};

const standIn = 'src/node-only.ts';

/** Modules that browsers get in another form. */
const otherForms = {
  'src/backends/reference/index.ts': 'src/backends/reference/later.ts',
  'src/codegen/wasm/listing.ts': 'src/codegen/wasm/listing-off.ts',
  'src/compiler/debug.ts': 'src/compiler/debug-off.ts',
  'src/compiler/verify.ts': 'src/compiler/verify-off.ts',
  'src/pyplot/png.ts': 'src/pyplot/png.browser.ts',
};

/** Node's modules, files written for it, and packages of machine code lead to a module that says so. */
const nodeOnly = /^node:|\.node\.ts$|^@resvg\/resvg-js$|^koffi$|^webgpu$/;

/**
 * Minifies code that stands in a template string, which minifiers leave as it is. What is put into the
 * template has names meanwhile.
 */
async function minifyTemplate(text) {
  const [, head, code, tail] = text.match(/^([\s\S]*= `)([^`]*)(`;\s*)$/);
  const holes = [];
  const named = code.replace(/\$\{[^}]*\}/g, (hole) => `$${holes.push(hole) - 1}$`);
  const { code: small } = await transform(named, { minify: true, target: 'es2022' });
  const escaped = small.trim().replace(/[\\`]|\$\{/g, '\\$&');
  return head + escaped.replace(/\$(\d+)\$/g, (_, i) => holes[i]) + tail;
}

/**
 * Writes the name of each class of Keras into it (`static name = "Dense"`): configs and messages give it, and
 * minifiers, ours and those of bundlers, would otherwise change it. A static field, unlike a static
 * block, does not keep them from leaving out the class.
 */
export const classNames = {
  name: 'class-names',
  setup(b) {
    b.onLoad({ filter: /worker-source\.ts$/ }, async ({ path }) => ({
      contents: await minifyTemplate(await readFile(path, 'utf8')),
      loader: 'ts',
    }));
    b.onLoad({ filter: /[\\/]keras[\\/].*\.ts$/ }, async ({ path }) => {
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

/** Where an import leads in a browser: a file, or undefined for the name of a package. */
function placeOf(root, path, resolveDir) {
  if (nodeOnly.test(path)) return join(root, standIn);
  if (path === '#native') return join(root, 'src/backends/native-stub.ts');
  if (!path.startsWith('.')) return undefined;
  const file = join(resolveDir, path);
  const other = otherForms[relative(root, file).replaceAll('\\', '/')];
  return other ? join(root, other) : file;
}

/** Leads what only Node has, and what has another form, to their stand-ins. */
const withStandIns = (root) => ({
  name: 'stand-ins',
  setup(b) {
    b.onResolve({ filter: /./ }, ({ kind, path, resolveDir }) => {
      if (kind === 'entry-point' || !resolveDir.startsWith(root) || /node_modules/.test(resolveDir))
        return undefined;
      const place = placeOf(root, path, resolveDir);
      return place?.endsWith('.ts') ? { path: place } : undefined;
    });
  },
});

/** The same for single modules: every import stays one, of a file at the same place in the tree. */
const asModules = (root) => ({
  name: 'as-modules',
  setup(b) {
    b.onResolve({ filter: /./ }, ({ kind, path, importer, resolveDir }) => {
      if (kind === 'entry-point') return undefined;
      const place = placeOf(root, path, resolveDir);
      if (!place) return { path, external: true };
      const to = relative(dirname(importer), place.replace(/\.ts$/, '.js')).replaceAll('\\', '/');
      return { path: to.startsWith('.') ? to : `./${to}`, external: true };
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
  plugins: [withStandIns(root), classNames],
});

export async function buildForBrowsers(root) {
  const { metafile } = await build({
    ...forPages(root),
    // One file for all of Keras: a page without a bundler asks for each by itself.
    entryPoints: mainEntries,
    outdir: 'dist/browser',
    minify: true,
    chunkNames: 'chunks/[name]-[hash]',
    sourcemap: true,
    metafile: true,
  });
  const sources = Object.keys(metafile.inputs).filter((f) => f.startsWith('src/'));
  for (const entry of Object.values(entryPoints)) if (!sources.includes(entry)) sources.push(entry);
  await build({
    ...common(root),
    entryPoints: sources,
    outbase: 'src',
    outdir: 'dist/modules',
    plugins: [asModules(root), classNames],
  });
}
