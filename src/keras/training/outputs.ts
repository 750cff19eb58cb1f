/** Putting the outputs of batches together. */
import type { DeviceBuffer } from '../../backends/backend.ts';
import { getBackend } from '../../backends/registry.ts';
import { type DType, makeArray, type TypedArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { Aval } from '../../graph/index.ts';
import { sameShape, showShape, sizeOf } from '../../shape.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { pack, type TreeOf } from './tree.ts';

/** What a program gives. */
export interface Outputs {
  readonly outputs: readonly Aval[];
  /** The structure of the outputs; undefined where there is one. */
  readonly like: TreeOf<null> | undefined;
}

/** Outputs of batches, read as they come, put together at the end. */
export class Parts {
  /** Samples there will be, when that is known: then their place is ready. */
  readonly #samples: number | undefined;
  readonly #leaves: TypedArray[][] = [];
  readonly #ready: TypedArray[] = [];
  #program: Outputs | undefined;
  #rows = 0;

  constructor(samples?: number) {
    this.#samples = samples;
  }

  async add(p: Outputs, results: readonly DeviceBuffer[]): Promise<void> {
    const first = this.#program;
    this.#program ??= p;
    let rows = 0;
    for (const [i, b] of results.entries()) {
      const { shape, dtype } = p.outputs[i];
      const was = first?.outputs[i].shape;
      if (shape.length === 0 || (was && !sameShape(was.slice(1), shape.slice(1))))
        throw new GradloomError(
          'data',
          `predict: outputs of batches cannot be joined: shape ${showShape(shape)}${was ? ` after ${showShape(was)}` : ' has no batch dimension'}.`,
          { shape: [...shape] },
        );
      const size = sizeOf(shape.slice(1));
      rows = shape[0];
      let place: TypedArray;
      if (this.#samples === undefined) {
        place = makeArray(dtype, rows * size);
        this.#leaves[i] ??= [];
        this.#leaves[i].push(place);
      } else {
        this.#ready[i] ??= makeArray(dtype, this.#samples * size);
        place = this.#ready[i].subarray(this.#rows * size, (this.#rows + rows) * size);
      }
      const bytes = new Uint8Array(place.buffer, place.byteOffset, place.byteLength);
      if (getBackend().sync) b.readSync(bytes);
      else bytes.set(await b.read());
      b.dispose();
    }
    this.#rows += rows;
  }

  join(): TreeOf<Tensor> {
    const { outputs, like } = this.#program!;
    const joined = outputs.map(({ shape, dtype }, i) => {
      const rest = shape.slice(1);
      const all = this.#ready[i] ?? concatenate(dtype, this.#leaves[i]);
      const size = Math.max(1, sizeOf(rest));
      return fromData(all, [all.length / size, ...rest], dtype);
    });
    return like ? pack(like, joined) : joined[0];
  }
}

function concatenate(dtype: DType, parts: readonly TypedArray[]): TypedArray {
  const out = makeArray(
    dtype,
    parts.reduce((n, a) => n + a.length, 0),
  );
  let at = 0;
  for (const a of parts) {
    out.set(a, at);
    at += a.length;
  }
  return out;
}
