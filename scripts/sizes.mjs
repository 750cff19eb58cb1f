// Bundles what .size-limit.json bounds, as a page would load it: `node_modules/.cache/sizes/NAME/` gets the files
// that are loaded at once, not those that are loaded when something is used. Then size-limit measures.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { forPages } from './build/browser.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

const programs = {
  // Tensors, the graph, the compiler and the wasm backend: all that the main entry exports.
  core: `export * from 'gradloom';`,
  // The article's network, with what it needs of Keras and the core.
  network: `
    import { sequential } from 'gradloom/keras/models';
    import { dense, dropout } from 'gradloom/keras/layers';
    export const model = sequential([
      dense(128, { activation: 'relu', inputShape: [784] }),
      dropout(0.5),
      dense(10, { activation: 'softmax' }),
    ]);
    model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] });
    export const train = (x, y) => model.fit(x, y);`,
  // Every class and function of Keras, in one namespace, with the core.
  keras: `import * as keras from 'gradloom/keras'; globalThis.keras = keras;`,
};

const out = join(root, 'node_modules/.cache/sizes');
rmSync(out, { recursive: true, force: true });
for (const [name, contents] of Object.entries(programs)) {
  const { metafile, outputFiles } = await build({
    ...forPages(root),
    stdin: { contents, resolveDir: root, sourcefile: `${name}.js` },
    outdir: out,
    minify: true,
    metafile: true,
    write: false,
  });
  const files = new Map(outputFiles.map((f) => [basename(f.path), f.contents]));
  const folder = join(out, name);
  mkdirSync(folder, { recursive: true });
  const keep = (path) => {
    const file = basename(path);
    if (!files.has(file)) return;
    writeFileSync(join(folder, file), files.get(file));
    files.delete(file);
    for (const i of metafile.outputs[path].imports) if (i.kind === 'import-statement') keep(i.path);
  };
  keep(Object.keys(metafile.outputs).find((path) => basename(path) === 'stdin.js'));
}
