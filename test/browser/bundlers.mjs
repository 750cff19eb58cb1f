// Programs as users bundle them: the package as `npm pack` makes it, in the node_modules of a project
// of its own, bundled with esbuild and with Vite (Rollup), whose warnings count as failures.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build as esbuild } from 'esbuild';
import { build as vite } from 'vite';

/** Programs, and below how many bytes, gzipped, what they load at once must stay. */
export const programs = {
  // A package that cannot be taken apart would bring everything along.
  'one-class': {
    code: `
      import { GradloomError } from 'gradloom';
      if (new GradloomError('x', 'y').code !== 'x') throw new Error('wrong code');`,
    limit: 3000,
  },
  'one-loss': {
    code: `
      import { meanSquaredError } from 'gradloom/keras/losses';
      const [loss] = await meanSquaredError([[1, 2]], [[1, 4]]).data();
      if (loss !== 2) throw new Error('wrong loss ' + loss);`,
    limit: 130_000,
  },
  network: {
    code: `
      import * as keras from 'gradloom/keras';
      import * as np from 'gradloom/numpy';
      keras.utils.setRandomSeed(1);
      const model = keras.sequential([
        keras.layers.dense(8, { activation: 'relu', inputShape: [3] }),
        keras.layers.dense(1),
      ]);
      model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
      const { history } = await model.fit(np.ones([64, 3]), np.ones([64, 1]), { epochs: 300, verbose: 0 });
      if (!(history.loss.at(-1) < history.loss[0] / 2)) throw new Error('did not learn: ' + history.loss);
      const { className } = keras.layers.serialize(model.layers[0]);
      if (className !== 'Dense') throw new Error('a class is called ' + className);
      const copy = keras.models.cloneModel(model);
      if (copy.layers.length !== 2) throw new Error('a copy has ' + copy.layers.length + ' layers');`,
  },
  // Configs name classes that the program does not.
  configs: {
    code: `
      import { bidirectional, deserialize, lstm, serialize, timeDistributed, dense } from 'gradloom/keras/layers';
      import { cloneModel, sequential } from 'gradloom/keras/models';
      const config = { className: 'GRU', config: { units: 3, name: 'given' } };
      const gru = deserialize(config);
      if (gru.name !== 'given' || serialize(gru).className !== 'GRU') throw new Error('no GRU');
      const model = sequential([bidirectional(lstm(2, { inputShape: [3, 4], returnSequences: true })), timeDistributed(dense(2))]);
      if (cloneModel(model).layers.length !== 2) throw new Error('no copy');`,
  },
  // And where all tables are left out, the layers at hand are known all the same.
  wrappers: {
    code: `
      import { bidirectional, lstm, timeDistributed, dense } from 'gradloom/keras/layers';
      import { cloneModel, sequential } from 'gradloom/keras/models';
      const model = sequential([bidirectional(lstm(2, { inputShape: [3, 4], returnSequences: true })), timeDistributed(dense(2))]);
      if (cloneModel(model).layers.length !== 2) throw new Error('no copy');`,
  },
};

/** The same for every program: it runs, and says so to the page's opener. */
const wrapped = (code) => {
  const imports = code.match(/^\s*import .*$/gm).join('\n');
  const body = code.replace(/^\s*import .*$/gm, '');
  return `${imports}
const failed = [];
try {${body}
} catch (error) { failed.push({ name: 'the program', message: String(error.stack ?? error) }); }
window.report = { passed: failed.length === 0 ? 1 : 0, failed, notes: [] };
`;
};

/** Lays out a project in `folder` that has the package installed. */
function makeProject(root, folder) {
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const packed = execFileSync('npm', pack, {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename }] = JSON.parse(packed);
  const modules = join(folder, 'node_modules');
  const own = join(modules, 'gradloom');
  mkdirSync(own, { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, filename), '--strip-components=1', '-C', own]);
  const { dependencies } = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
  // Its dependencies and, since npm installs them where it can, its optional ones.
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(modules, name));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module', dependencies }));
}

const bundlers = {
  esbuild: async (folder, entry, out) => {
    const { warnings } = await esbuild({
      absWorkingDir: folder,
      entryPoints: { app: entry },
      outdir: out,
      bundle: true,
      splitting: true,
      format: 'esm',
      target: 'es2022',
      minify: true,
      logLevel: 'silent',
    });
    return warnings.map((w) => w.text);
  },
  vite: async (folder, entry, out) => {
    const warnings = [];
    const warn = (text) => warnings.push(text);
    await vite({
      root: folder,
      configFile: false,
      logLevel: 'warn',
      customLogger: {
        info() {},
        warn,
        warnOnce: warn,
        error: warn,
        clearScreen() {},
        hasErrorLogged: () => false,
      },
      build: {
        outDir: out,
        emptyOutDir: true,
        target: 'es2022',
        chunkSizeWarningLimit: 10_000,
        modulePreload: false,
        rollupOptions: {
          input: { app: entry },
          output: { entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
        },
      },
    });
    return warnings;
  },
};

/** Bytes, gzipped, of a file and of what it imports at once, not of what it imports when used. */
export function loadedAtOnce(folder, file, seen = new Set()) {
  if (seen.has(file)) return 0;
  seen.add(file);
  const text = readFileSync(join(folder, file), 'utf8');
  let bytes = gzipSync(text).length;
  for (const [, name] of text.matchAll(/(?:\bfrom|\bimport)\s*"\.\/([^"]+\.js)"/g))
    bytes += loadedAtOnce(folder, name, seen);
  return bytes;
}

/**
 * Bundles every program with every bundler into `built`/apps/BUNDLER/PROGRAM/app.js. Resolves to
 * { name, path, bytes, complaints } of each.
 */
export async function bundlePrograms(root, folder, built) {
  makeProject(root, folder);
  const results = [];
  for (const [program, { code, limit }] of Object.entries(programs)) {
    const entry = join(folder, `${program}.js`);
    writeFileSync(entry, wrapped(code));
    for (const [bundler, bundle] of Object.entries(bundlers)) {
      const path = `apps/${bundler}/${program}`;
      const out = join(built, path);
      const name = `${program} bundled with ${bundler}`;
      try {
        const complaints = await bundle(folder, entry, out);
        const bytes = loadedAtOnce(out, 'app.js');
        if (limit !== undefined && bytes > limit)
          complaints.push(`${bytes} bytes are loaded at once, of at most ${limit}`);
        results.push({ name, path, bytes, complaints });
      } catch (error) {
        results.push({ name, path, bytes: 0, complaints: [String(error.stack ?? error)] });
      }
    }
  }
  return results;
}
