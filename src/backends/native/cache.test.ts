/** The compiler that is missing or broken, and the cache that is hostile, full or damaged. */
import { execFile } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { GradloomError } from '../../errors.ts';
import { load } from '../../expr/expr.ts';
import { NativeBackend } from './backend.ts';
import { DiskCache, distrust, prune } from './cache.ts';
import { loadRuntime, type Runtime } from './runtime.ts';
import {
  compilers,
  fakeCompiler,
  loop,
  ProgramBuilder,
  runProgram,
  store,
  tempDir,
} from './testing.ts';

const cc = compilers()[0];

function copyProgram(): ProgramBuilder {
  const p = new ProgramBuilder();
  const a = p.input(Int32Array.from([5, 6, 7]));
  const out = p.output('int32', 3);
  p.kernel([loop(3, (i) => [store(out, 'int32', i, load(a, 'int32', i))])]);
  return p;
}

function works(runtime: Runtime): boolean {
  const backend = new NativeBackend(runtime, { threads: 1 });
  const p = copyProgram();
  const [bytes] = runProgram(backend, p.program(), p.inputs);
  backend.dispose();
  return [...new Int32Array(bytes.buffer)].join() === '5,6,7';
}

function failureOf(run: () => unknown): GradloomError {
  try {
    run();
  } catch (e) {
    expect(e).toBeInstanceOf(GradloomError);
    return e as GradloomError;
  }
  throw new Error('nothing was thrown');
}

const entriesOf = (dir: string): string[] => readdirSync(dir).filter((n) => !n.startsWith('.'));

describe('a broken C compiler', () => {
  const probe = (path: string): GradloomError =>
    failureOf(() => loadRuntime({ cc: path, cache: { dir: tempDir() } }));

  it('is refused when it is missing, naming it and the way out', () => {
    const e = probe('/nowhere/cc');
    expect(e.code).toBe('native-unavailable');
    expect(e.message).toMatch(/\/nowhere\/cc.*install gcc or clang.*GRADLOOM_CC/);
  });

  it('is refused when it fails, with what it said', () => {
    const path = fakeCompiler(
      'echo "warning: x" >&2; echo "fatal error: stdlib.h missing" >&2; exit 3',
    );
    const e = probe(path);
    expect(e.message).toContain('exited with 3');
    expect(e.message).toContain('stdlib.h missing');
  });

  it('is refused when it hangs, is ended with its children, and is not waited for again', async () => {
    const note = join(tempDir(), 'survivor');
    const starts = join(tempDir(), 'starts');
    const path = fakeCompiler(
      `echo start >> ${starts}; sh -c 'sleep 1; echo alive > ${note}'; sleep 60`,
    );
    const cache = { dir: tempDir() };
    const again = (): GradloomError =>
      failureOf(() => loadRuntime({ cc: path, cache, timeoutMs: 200 }));
    const e = again();
    expect(again().message).toContain('did not finish in 0.2 s earlier');
    expect(readFileSync(starts, 'utf8')).toBe('start\n');
    expect(e.message).toContain('did not finish in 0.2 s');
    await new Promise((r) => setTimeout(r, 1300));
    expect(existsSync(note)).toBe(false);
  });

  const output = 'while [ "$1" != -o ]; do shift; done';
  it.each([
    ['garbage', `${output}; echo "this is not a library" > "$2"`],
    ['an empty file', `${output}; : > "$2"`],
    ['nothing', 'cat > /dev/null'],
    ['nothing, without reading', 'exit 0'],
  ])('is refused when it makes %s', (_, script) => {
    const dir = tempDir();
    const path = fakeCompiler(script);
    const e = failureOf(() => loadRuntime({ cc: path, cache: { dir } }));
    expect(e.code).toBe('native-unavailable');
    expect(e.message).toMatch(/does not load|made no library/);
    expect(entriesOf(dir)).toEqual([]);
  });

  it('ends in an error of the program when it breaks later', () => {
    if (!cc) return;
    const flag = join(tempDir(), 'broken');
    const path = fakeCompiler(
      `[ -e ${flag} ] && { echo "error: broke" >&2; exit 1; }; exec ${cc} "$@"`,
    );
    const backend = new NativeBackend(loadRuntime({ cc: path, cache: { dir: tempDir() } }));
    writeFileSync(flag, '');
    const p = copyProgram();
    const e = failureOf(() => backend.loadProgram(p.program()));
    expect(e.code).toBe('native-compile');
    expect(e.message).toContain('error: broke');
    expect(backend.memory().buffers).toBe(0);
  });
});

describe.skipIf(!cc)('the compile cache', () => {
  /** A compiler that notes each time it is run. */
  function counted(): { path: string; runs: () => number } {
    const log = join(tempDir(), 'log');
    writeFileSync(log, '');
    const path = fakeCompiler(`echo run >> ${log}; exec ${cc} "$@"`);
    return { path, runs: () => readFileSync(log, 'utf8').split('\n').length - 1 };
  }

  it('compiles once, in a directory for the owner only', () => {
    const { path, runs } = counted();
    const dir = join(tempDir(), 'a', 'b');
    expect(works(loadRuntime({ cc: path, cache: { dir } }))).toBe(true);
    const first = runs();
    expect(first).toBeGreaterThanOrEqual(2);
    expect(lstatSync(dir).mode & 0o777).toBe(0o700);
    expect(works(loadRuntime({ cc: path, cache: { dir } }))).toBe(true);
    expect(runs()).toBe(first);
  });

  it('rebuilds what is damaged', () => {
    const { path, runs } = counted();
    const dir = tempDir();
    works(loadRuntime({ cc: path, cache: { dir } }));
    const once = runs();
    // Files are replaced, not changed: this process has the old ones mapped.
    const replace = (path: string, bytes: Uint8Array): void => {
      rmSync(path);
      writeFileSync(path, bytes);
    };
    const damage: ((library: string) => void)[] = [
      (library) => replace(library, readFileSync(library).subarray(0, 1000)),
      (library) => replace(library, new Uint8Array(0)),
      (library) => {
        const bytes = readFileSync(library);
        bytes[bytes.length >> 1] ^= 1;
        replace(library, bytes);
      },
      (library) => replace(join(library, '..', 'sum'), new Uint8Array(0)),
    ];
    for (const [i, harm] of damage.entries()) {
      for (const name of entriesOf(dir)) harm(join(dir, name, 'program.so'));
      expect(works(loadRuntime({ cc: path, cache: { dir } }))).toBe(true);
      // clang takes one more run: its first set of flags is refused each time.
      expect(runs()).toBe(once * (i + 2));
      expect(works(loadRuntime({ cc: path, cache: { dir } }))).toBe(true);
      expect(runs()).toBe(once * (i + 2));
    }
  });

  it('is not used where it is unsafe or cannot be written, which is said once', () => {
    const places: Record<string, string> = {};
    const base = tempDir();
    places['not a directory'] = join(base, 'file');
    writeFileSync(places['not a directory'], '');
    places['others may write'] = join(base, 'open');
    mkdirSync(places['others may write']);
    chmodSync(places['others may write'], 0o777);
    places.ENOTDIR = join(base, 'file', 'below');
    if (process.getuid?.() === 0) {
      places['belongs to another user'] = join(base, 'foreign');
      mkdirSync(places['belongs to another user'], { mode: 0o700 });
      chownSync(places['belongs to another user'], 12345, 12345);
      const theirs = join(base, 'theirs');
      mkdirSync(theirs, { mode: 0o700 });
      chownSync(theirs, 12345, 12345);
      places['another user'] = join(base, 'link');
      symlinkSync(theirs, places['another user']);
    }
    for (const [reason, dir] of Object.entries(places)) {
      const warnings: string[] = [];
      const cache = new DiskCache({ dir, warn: (m) => warnings.push(m) });
      expect(cache.dir).not.toBe(dir);
      expect(distrust(cache.dir)).toBeUndefined();
      expect(cache.dir).toBe(cache.dir);
      expect(warnings.length).toBe(1);
      expect(warnings[0]).toMatch(new RegExp(`${dir}.*(${reason})`));
    }
    const warnings: string[] = [];
    const runtime = loadRuntime({
      cc,
      cache: { dir: places['others may write'], warn: (m) => warnings.push(m) },
    });
    expect(works(runtime)).toBe(true);
    expect(warnings.length).toBe(1);
    expect(readdirSync(places['others may write'])).toEqual([]);
  });

  it('moves to a private directory when its disk fails later', () => {
    const dir = join(tempDir(), 'cache');
    const warnings: string[] = [];
    const cache = new DiskCache({ dir, warn: (m) => warnings.push(m) });
    expect(cache.dir).toBe(dir);
    let tries = 0;
    const value = cache.get('f'.repeat(40), {
      build: (library) => {
        if (tries++ === 0) throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
        writeFileSync(library, 'text');
      },
      load: (library) => readFileSync(library, 'utf8'),
    });
    expect(value).toBe('text');
    expect(cache.dir).not.toBe(dir);
    expect(warnings.length).toBe(1);
    expect(readdirSync(dir)).toEqual([]);
  });

  it('follows a link of the owner', () => {
    const base = tempDir();
    mkdirSync(join(base, 'real'), { mode: 0o700 });
    symlinkSync(join(base, 'real'), join(base, 'link'));
    expect(new DiskCache({ dir: join(base, 'link') }).dir).toBe(join(base, 'link'));
  });

  it('drops what was used longest ago, and leftovers of crashes', () => {
    const dir = tempDir();
    for (let i = 0; i < 5; i++) {
      const entry = join(dir, String(i).repeat(40));
      mkdirSync(entry);
      writeFileSync(join(entry, 'program.so'), 'x'.repeat(100));
      utimesSync(entry, 1e9 + i, 1e9 + i);
    }
    mkdirSync(join(dir, '.old-left-over'));
    utimesSync(join(dir, '.old-left-over'), 1e9, 1e9);
    mkdirSync(join(dir, '.at-work'));
    writeFileSync(join(dir, 'notes.txt'), 'not ours');
    prune(dir, 250);
    expect(readdirSync(dir).sort()).toEqual([
      '.at-work',
      '3'.repeat(40),
      '4'.repeat(40),
      'notes.txt',
    ]);
    prune(dir, 1);
    expect(entriesOf(dir)).toEqual(['4'.repeat(40), 'notes.txt']);
  });

  it('serves processes and threads that compile the same at once, and lets them end', async () => {
    const { path } = counted();
    const dir = tempDir();
    const here = new URL('.', import.meta.url).pathname;
    const body = `
      const { loadRuntime } = await import('${here}runtime.ts');
      const { NativeBackend } = await import('${here}backend.ts');
      const { ProgramBuilder, loop, store, runProgram } = await import('${here}testing.ts');
      const { int, load, variable } = await import('${here}../../expr/expr.ts');
      const backend = new NativeBackend(loadRuntime({ cc: '${path}', cache: { dir: '${dir}' } }), { threads: 3 });
      const p = new ProgramBuilder();
      const a = p.input(Int32Array.from({ length: 100 }, (_, i) => i));
      const out = p.output('int32', 100);
      const index = variable('p', 'int32', 0, 99);
      p.kernel([store(out, 'int32', index, load(a, 'int32', index))], { parallel: { index, extent: 100 }, cost: 5e6 });
      const [bytes] = runProgram(backend, p.program(), p.inputs);
      const sum = new Int32Array(bytes.buffer).reduce((x, y) => x + y);
    `;
    const script = `
      import { isMainThread, Worker } from 'node:worker_threads';
      ${body}
      const workers = [0, 1].map(() => new Promise((resolve) =>
        new Worker(${JSON.stringify(`import { parentPort } from 'node:worker_threads'; (await import('tsx/esm/api')).register(); ${body}; parentPort.postMessage(sum);`)}, { eval: true })
          .on('message', resolve).on('error', (e) => resolve(String(e)))));
      console.log([sum, ...(await Promise.all(workers))].join());
    `;
    const run = promisify(execFile);
    const results = await Promise.all(
      [0, 1, 2].map(() =>
        run(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', script], {
          timeout: 50_000,
        }),
      ),
    );
    for (const { stdout } of results) expect(stdout.trim()).toBe('4950,4950,4950');
    expect(entriesOf(dir).length).toBe(2);
    expect(readdirSync(dir).filter((n) => n.startsWith('.'))).toEqual([]);
  });
});
