/** Putting the outputs of batches together. */
import type { DeviceBuffer } from '../../backends/backend.ts';
import { getBackend } from '../../backends/registry.ts';
import { bytesOf, type DType, makeArray, type TypedArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { Aval } from '../../graph/index.ts';
import { type Shape, sameShape, showShape, sizeOf } from '../../shape.ts';
import { bufferOf, fromBuffer, fromData, type Tensor } from '../../tensor/index.ts';
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
  readonly #ready: Tensor[] = [];
  readonly #host: TypedArray[] = [];
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
      const { shape } = p.outputs[i];
      const was = first?.outputs[i].shape;
      if (shape.length === 0 || (was && !sameShape(was.slice(1), shape.slice(1))))
        throw new GradloomError(
          'data',
          `predict: outputs of batches cannot be joined: shape ${showShape(shape)}${was ? ` after ${showShape(was)}` : ' has no batch dimension'}.`,
          { shape: [...shape] },
        );
      rows = shape[0];
      const place = this.#place(i, b, p.outputs[i]);
      if (getBackend().sync) b.readSync(place);
      else place.set(await b.read());
      b.dispose();
    }
    this.#rows += rows;
  }

  /** Where the next rows of output `i` go. */
  #place(i: number, result: DeviceBuffer, { shape, dtype }: Aval): Uint8Array {
    const size = sizeOf(shape.slice(1));
    if (this.#samples === undefined) {
      const rows = makeArray(dtype, shape[0] * size);
      this.#leaves[i] ??= [];
      this.#leaves[i].push(rows);
      return bytesIn(rows);
    }
    const begin = this.#rows * size * bytesOf(dtype);
    const end = begin + result.byteLength;
    const whole: Shape = [this.#samples, ...shape.slice(1)];
    // The native backend keeps large pieces of memory for the next time; the host asks for them anew.
    if (result.view) {
      const bytes = this.#samples * size * bytesOf(dtype);
      this.#ready[i] ??= fromBuffer(getBackend().allocate(bytes), { shape: whole, dtype });
      return bufferOf(this.#ready[i]).view!().subarray(begin, end);
    }
    if (!this.#host[i]) {
      this.#host[i] = makeArray(dtype, this.#samples * size);
      this.#ready[i] = fromData(this.#host[i], whole, dtype);
    }
    return bytesIn(this.#host[i]).subarray(begin, end);
  }

  join(): TreeOf<Tensor> {
    const { outputs, like } = this.#program!;
    const joined = outputs.map(({ shape, dtype }, i) => {
      if (this.#ready[i]) return this.#ready[i];
      const all = concatenate(dtype, this.#leaves[i]);
      const rest = shape.slice(1);
      return fromData(all, [all.length / Math.max(1, sizeOf(rest)), ...rest], dtype);
    });
    return like ? pack(like, joined) : joined[0];
  }
}

const bytesIn = (a: TypedArray): Uint8Array => new Uint8Array(a.buffer, a.byteOffset, a.byteLength);

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
