import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import * as keras from '../index.ts';
import { pictureOf } from './model-picture.ts';
import { plotModel } from './plot-model.ts';

const L = keras.layers;
let folder = '';
beforeAll(async () => {
  setBackend('reference');
  folder = await mkdtemp(join(tmpdir(), 'plot-model-'));
});
afterAll(() => rm(folder, { recursive: true }));

function model(): keras.Model {
  const [a, b] = [keras.input({ shape: [4], name: 'a' }), keras.input({ shape: [4], name: 'b' })];
  const i = keras.input({ shape: [4], name: 'inner' });
  const inside = L.dense(4, { activation: 'tanh', name: 'inside' }).apply(i);
  const block = keras.model({ inputs: i, outputs: inside, name: 'block' });
  const stack = keras.sequential([L.dense(4, { name: 'one' }), L.dense(2, { name: 'two' })], {
    name: 'stack',
  });
  return keras.model({
    inputs: [a, b],
    outputs: stack.apply(block.apply(a).add(b)),
    name: 'a <model>',
  });
}
/** `from>to` by titles. */
function arrows(o: Parameters<typeof pictureOf>[1]): string[] {
  const p = pictureOf(model(), { showLayerNames: true, ...o });
  const title = new Map(p.boxes.map((b) => [b.id, b.title.split(' ')[0]]));
  return p.arrows.map((x) => `${title.get(x.from)}>${title.get(x.to)}`).sort();
}

describe('what is drawn', () => {
  it('a box for each layer and operation, an arrow for each connection', () => {
    expect(arrows({}).map((s) => s.replace(/add\w*/, 'add'))).toEqual(
      ['a>block', 'b>add', 'block>add', 'add>stack'].sort(),
    );
  });
  it('models inside, layer by layer', () => {
    expect(arrows({ expandNested: true }).map((s) => s.replace(/add\w*/, 'add'))).toEqual(
      ['a>inner', 'inner>inside', 'inside>add', 'b>add', 'add>one', 'one>two'].sort(),
    );
    const { frames, boxes } = pictureOf(model(), { expandNested: true });
    expect(frames.map((f) => f.title)).toEqual(['block', 'stack']);
    expect(boxes.filter((b) => b.parent === frames[1].id).length).toBe(2);
  });
  it('what is known of each layer', () => {
    const o = {
      showShapes: true,
      showDtype: true,
      showLayerActivations: true,
      showTrainable: true,
    };
    const p = pictureOf(model(), { ...o, expandNested: true });
    expect(p.boxes.find((b) => b.title === 'InputLayer')?.rows).toEqual([
      ['Output shape', '(None, 4)'],
      ['Output dtype', 'float32'],
      ['Trainable', 'yes'],
    ]);
    expect(p.boxes.find((b) => b.title === 'Dense')?.rows).toEqual([
      ['Activation', 'tanh'],
      ['Input shape', '(None, 4)'],
      ['Output shape', '(None, 4)'],
      ['Output dtype', 'float32'],
      ['Trainable', 'yes'],
    ]);
    expect(p.boxes.find((b) => b.title === 'Add')?.rows).toEqual([
      ['Input shape', '(None, 4), (None, 4)'],
      ['Output shape', '(None, 4)'],
      ['Output dtype', 'float32'],
    ]);
  });
});

describe('plotModel', () => {
  it('gives SVG, and writes it', async () => {
    const file = join(folder, 'm.svg');
    const svg = await plotModel(model(), { toFile: file, showLayerNames: true, rankdir: 'LR' });
    expect(await readFile(file, 'utf8')).toBe(svg);
    expect(svg).toContain('a &lt;model&gt;');
    expect(svg).toContain('stack (Sequential)');
    expect(svg.match(/marker-end/g)?.length).toBe(4);
    const [, w, h] = /width="(\d+)" height="(\d+)"/.exec(svg)!.map(Number);
    expect(w).toBeGreaterThan(h);
    for (const [, x] of svg.matchAll(/<rect x="([-\d.]+)"/g)) expect(Number(x)).toBeGreaterThan(-1);
  });
  it('writes PNG of the resolution asked for', async () => {
    const file = join(folder, 'm.png');
    const svg = await plotModel(model(), { toFile: file, expandNested: true, dpi: 48 });
    const png = await readFile(file);
    expect([...png.subarray(0, 4)]).toEqual([137, 80, 78, 71]);
    const width = Number(/width="(\d+)"/.exec(svg)![1]);
    expect(png.readUInt32BE(16)).toBe(Math.round(width / 2));
  });
  it('refuses what it cannot draw', async () => {
    const m = model();
    const unbuilt = keras.sequential([L.dense(2)]);
    await expect(plotModel(unbuilt, { toFile: null })).rejects.toThrow(/is not built yet/);
    await expect(plotModel(m, { toFile: 'x.pdf' })).rejects.toThrow(/writes .svg or .png.*x.pdf/);
    await expect(plotModel(m, { toFile: null, rankdir: 'XX' as 'TB' })).rejects.toThrow(/rankdir/);
    await expect(plotModel(m, { show_shapes: true } as object)).rejects.toThrow(/"showShapes"/);
  });
});
