/** Who uses whom: every folder of `src` knows only those below it, as ARCHITECTURE.md draws it. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = join(dirname(fileURLToPath(import.meta.url)), '../src');

/** Bottom up: a folder, and those it may use. The files beside them are vocabulary for all. */
const uses: Readonly<Record<string, readonly string[]>> = {
  expr: [],
  formats: [],
  files: [],
  pyplot: [],
  graph: ['expr'],
  compiler: ['graph', 'expr'],
  codegen: ['compiler', 'expr'],
  backends: ['codegen', 'compiler', 'graph', 'expr'],
  tensor: ['backends', 'graph'],
  data: ['tensor'],
  datasets: ['files', 'formats'],
  numpy: ['tensor', 'graph', 'files', 'formats'],
  keras: [
    ...['numpy', 'datasets', 'data', 'pyplot'],
    ...['tensor', 'backends', 'graph', 'files', 'formats'],
  ],
  onnx: ['keras', 'tensor', 'backends', 'graph', 'formats'],
  tfjs: ['onnx', 'tensor', 'backends', 'graph', 'files', 'formats'],
  cli: ['keras', 'onnx', 'files', 'formats'],
};

/** Arrows that point upward, and why they may. */
const upward: Readonly<Record<string, string>> = {
  'graph -> compiler/loopnest.ts': 'the lowering of a primitive is part of its entry; types only',
  'keras -> onnx/write/keras.ts': '`model.export`; loaded when it is called',
};

interface Import {
  readonly from: string;
  readonly to: string;
  readonly kind: 'type' | 'later' | 'at once';
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found = text.matchAll(
    /(?:^(?:import|export)( type)?\b[^;]*?\bfrom\s*|^import\s*|\b(import)\(\s*)'(\.[^']+)'/gm,
  );
  return [...found].map(([, type, later, path]) => ({
    from: file,
    to: posix.join(posix.dirname(file), path),
    kind: type ? 'type' : later ? 'later' : 'at once',
  }));
}
const folderOf = (file: string): string => (file.includes('/') ? file.split('/')[0] : '');

const files = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.ts') && !f.endsWith('.test.ts'))
  .map((f) => f.split(sep).join('/'))
  // What only tests use may reach anywhere.
  .filter((f) => !/(^|\/)(testing|test-[^/]+|[^/]+-cases)\.ts$/.test(f));
const imports = files
  .flatMap(importsOf)
  .filter((i) => folderOf(i.from) !== folderOf(i.to) && folderOf(i.from) && folderOf(i.to));

it('folders use those below them', () => {
  expect(imports.length).toBeGreaterThan(500);
  const wrong = imports.filter(
    ({ from, to }) =>
      !uses[folderOf(from)]?.includes(folderOf(to)) && !upward[`${folderOf(from)} -> ${to}`],
  );
  expect(wrong.map(({ from, to }) => `${from} -> ${to}`)).toEqual([]);
});

it('what points upward is not there when the program runs, or comes later', () => {
  const found = new Set<string>();
  for (const { from, to, kind } of imports) {
    const arrow = `${folderOf(from)} -> ${to}`;
    if (!upward[arrow]) continue;
    found.add(arrow);
    expect(kind, `${from} -> ${to}`).not.toBe('at once');
  }
  expect([...found].sort()).toEqual(Object.keys(upward).sort());
});

it('there are no circles among the folders', () => {
  const done = new Set<string>();
  const visit = (folder: string, above: readonly string[]): void => {
    expect(above, 'uses').not.toContain(folder);
    if (done.has(folder)) return;
    for (const f of uses[folder]) visit(f, [...above, folder]);
    done.add(folder);
  };
  for (const f of Object.keys(uses)) visit(f, []);
  expect([...new Set(files.map(folderOf).filter(Boolean))].sort()).toEqual([...done].sort());
});
