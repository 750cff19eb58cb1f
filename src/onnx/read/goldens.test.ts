import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { bytesOf, type DType, viewArray } from '../../dtype.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { fromOnnx } from './model.ts';

interface Packed {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: string;
}
interface Row {
  readonly name: string;
  readonly model: string;
  readonly x: Packed;
  readonly y: Packed;
}

const path = new URL('../../../test/goldens/onnx.json', import.meta.url);
const { models } = JSON.parse(readFileSync(path, 'utf8')) as { models: Row[] };

function unpack({ dtype, shape, data }: Packed): Tensor {
  const bytes = Uint8Array.from(Buffer.from(data, 'base64'));
  return fromData(viewArray(dtype, bytes.buffer, 0, bytes.length / bytesOf(dtype)), shape, dtype);
}

beforeAll(() => {
  setBackend('wasm');
});

describe('models exported by torch give what they give there', () => {
  for (const row of models)
    it(row.name, async () => {
      const model = fromOnnx(Buffer.from(row.model, 'base64'));
      const { y } = await model.run({ x: unpack(row.x) });
      expect(y.shape).toEqual(row.y.shape);
      const [found, want] = [y.dataSync(), unpack(row.y).dataSync()];
      for (let i = 0; i < want.length; i++)
        expect(Math.abs(found[i] - want[i])).toBeLessThan(1e-5 * Math.abs(want[i]) + 1e-6);
    });
});
