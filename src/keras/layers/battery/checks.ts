/** What every row of a family goes through, on every backend, against Keras on JAX: see battery.ts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { availableBackends, getBackend, setBackend } from '../../../backends/registry.ts';
import type { Tensor } from '../../../tensor/index.ts';
import {
  familyOf,
  type Golden,
  type Packed,
  type Row,
  remake,
  Subject,
  unpack,
} from './battery.ts';

/** What differs most, or undefined when every number is within the bounds. NaN equals only NaN. */
function difference(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  relative: number,
  absolute: number,
): string | undefined {
  if (actual.length !== expected.length) return `${actual.length} for ${expected.length} numbers`;
  let worst = 1;
  let said: string | undefined;
  for (let i = 0; i < expected.length; i++) {
    const [a, b] = [actual[i], expected[i]];
    if (Object.is(a, b) || a === b) continue;
    const off = Math.abs(a - b) / (absolute + relative * Math.abs(b));
    if (off <= worst) continue;
    if (Number.isNaN(off) || off > worst) {
      worst = Number.isNaN(off) ? Number.POSITIVE_INFINITY : off;
      said = `element ${i}: ${a} for ${b}`;
    }
  }
  return said;
}

async function agrees(
  what: string,
  actual: readonly Tensor[] | undefined,
  expected: readonly Packed[] | undefined,
  [relative, absolute]: readonly [number, number],
): Promise<void> {
  if (!expected) return;
  expect(
    actual?.map((t) => t.shape),
    `${what}: shapes`,
  ).toEqual(expected.map((p) => p.shape));
  for (const [i, p] of expected.entries()) {
    const t = actual![i];
    const kind = t.dtype === 'float64' ? 'float32' : t.dtype;
    expect(kind, `${what} ${i}: dtype`).toBe(p.dtype);
    const found = difference(
      (await t.data()) as Float32Array,
      unpack(p) as Float32Array,
      relative,
      absolute,
    );
    expect(found, `${what} ${i}`).toBeUndefined();
  }
}

async function compare(row: Row, golden: Golden, r: ReturnType<Subject['run']>): Promise<void> {
  const k = row.tolerance ?? 1;
  const forward = [1e-5 * k, 1e-6 * k] as const;
  const backward = [1e-4 * k, 1e-6 * k] as const;
  await agrees('output', r.output, golden.output, forward);
  const masks = golden.mask?.filter((m) => m !== null) ?? [];
  await agrees('mask', r.mask as Tensor[], masks, [0, 0]);
  expect(r.mask.length, 'masks on outputs').toBe(masks.length);
  await agrees('output in training', r.trained, golden.trained, forward);
  await agrees('statistics after training', r.after, golden.after, forward);
  await agrees('gradient of weight', r.weightGradients, golden.gradients?.weights, backward);
  await agrees('gradient of input', r.inputGradients, golden.gradients?.inputs, backward);
  await agrees('weight after three steps', r.steps, golden.steps, backward);
}

/** What is checked on every backend, on the one in use. */
export async function checkRow(row: Row, golden: Golden): Promise<void> {
  const subject = new Subject(row, golden);
  expect(subject.layer.weights.map((w) => ({ name: w.name, shape: w.shape }))).toEqual(
    golden.weights.map(({ name, shape }) => ({ name, shape })),
  );
  await compare(row, golden, subject.run());
}

const backends = availableBackends();
const first = getBackend().name;
/** The tests of one family; each has a test file of its own, so that they run side by side. */
export function checkFamily(family: string): void {
  const rows = familyOf(family);
  describe(`battery: ${family}`, () => {
    for (const backend of backends) {
      describe(backend, () => {
        beforeAll(() => setBackend(backend));
        afterAll(() => setBackend(first));
        it.each(rows)('$row.name', ({ row, golden }) => checkRow(row, golden));
      });
    }

    describe('on its own', () => {
      beforeAll(() => setBackend('reference'));
      afterAll(() => setBackend(first));

      it.each(rows)('$row.name: config makes it anew', async ({ row, golden }) => {
        const made = new Subject(row, golden);
        const config = made.layer.getConfig();
        const json = JSON.parse(JSON.stringify(config)) as Record<string, unknown>;
        expect(json, 'the config is plain data').toEqual(config);
        const again = remake(row.layer, json);
        expect(again.getConfig()).toEqual(config);
        const copy = new Subject(row, golden, 'float32', again);
        await agrees('output', copy.infer(), golden.output, [
          1e-5 * (row.tolerance ?? 1),
          1e-6 * (row.tolerance ?? 1),
        ]);
      });

      it.each(rows)('$row.name: in a functional model', async ({ row, golden }) => {
        const k = row.tolerance ?? 1;
        const { outputs, shapes } = new Subject(row, golden).inModel();
        await agrees('output', outputs, golden.output, [1e-5 * k, 1e-6 * k]);
        golden.output.forEach((p, i) => {
          shapes[i].forEach((n, d) => {
            if (n !== null) expect(n, `size ${d} of output ${i}`).toBe(p.shape[d]);
          });
        });
      });

      const single = rows.filter(({ row }) => !row.batchCoupled && !row.masks);
      it.each(single)('$row.name: one sample', ({ row, golden }) => {
        const subject = new Subject(row, golden);
        const outputs = subject.first();
        outputs.forEach((t, i) => {
          const p = golden.output[i];
          expect(t.shape).toEqual([1, ...p.shape.slice(1)]);
          const expected = unpack(p).slice(0, t.size) as Float32Array;
          expect(
            difference(
              t.dataSync() as Float32Array,
              expected,
              1e-5 * (row.tolerance ?? 1),
              1e-6 * (row.tolerance ?? 1),
            ),
          ).toBeUndefined();
        });
      });

      const smooth = rows.filter(({ row, golden }) => golden.gradients && !row.kinked);
      it.each(smooth)('$row.name: gradient in float64', ({ row, golden }) => {
        const subject = new Subject(row, golden, 'float64');
        const { analytic, plus, minus, step } = subject.directional();
        const [a, p, m] = [analytic, plus, minus].map((t) => Number(t.dataSync()[0]));
        const numeric = (p - m) / (2 * step);
        // Central differences lose about eps |loss| / step to rounding.
        const bound = 1e-6 * Math.abs(numeric) + (1e-15 * Math.abs(p)) / step + 1e-8;
        expect(Math.abs(a - numeric), `${a} for ${numeric}`).toBeLessThan(bound);
      });
    });
  });
}
