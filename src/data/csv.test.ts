import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Dataset } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'gradloom-csv-'));
afterAll(() => rmSync(folder, { recursive: true }));

const table = 'sepal,name,count\r\n5.1,"setosa, the ""first""",3\r\n4.9,other,\r\n';

describe('fromCsv', () => {
  it('reads quoted cells, numbers and text', async () => {
    const d = Dataset.fromCsv(table, { missing: -1 });
    expect(await d.toArray()).toEqual([
      { sepal: 5.1, name: 'setosa, the "first"', count: 3 },
      { sepal: 4.9, name: 'other', count: -1 },
    ]);
  });

  it('reads files, and gives features and label', async () => {
    const path = join(folder, 'a.csv');
    writeFileSync(path, '\uFEFFa;b;y\n1;2;0\n3;4;1\n');
    const d = Dataset.fromCsv(path, { label: 'y', vector: true }).batch(2);
    const [[x, y]] = (await d.toArray()) as unknown as { arraySync(): unknown }[][];
    expect([x.arraySync(), y.arraySync()]).toEqual([
      [
        [1, 2],
        [3, 4],
      ],
      [0, 1],
    ]);
    const chosen = Dataset.fromCsv(path, { columns: ['b', 'a'], text: ['a'] });
    expect((await chosen.toArray())[0]).toEqual({ b: 2, a: '1' });
    const blob = new Blob(['1,2\n3,4\n']);
    expect(await Dataset.fromCsv(blob, { header: false }).toArray()).toEqual([
      { 0: 1, 1: 2 },
      { 0: 3, 1: 4 },
    ]);
  });

  it.each([
    ['a,b\n1,2\n3\n', {}, /line 3 has 1 cells; there are 2 columns/],
    ['a,b\n1,\n', {}, /line 2, column "b" is empty/],
    ['a,b\n', {}, /no rows/],
    ['\n', {}, /no rows/],
    ['alpha,b\n1,2\n', { label: 'alpa' }, /no column "alpa".*alpha/],
    ['a,b\n1,"2\n', {}, /line 2/],
    ['a,b\n1,x\n', { vector: true }, /column "b" holds text/],
    [join(folder, 'none.csv'), {}, /none\.csv cannot be read/],
  ])('%j is refused', async (text, options, message) => {
    await expect(Dataset.fromCsv(text, options).toArray()).rejects.toThrow(message);
  });
});
