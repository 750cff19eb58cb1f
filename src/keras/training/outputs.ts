/** Putting the outputs of batches together. */
import type { Backend, DeviceBuffer } from '../../backends/backend.ts';
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
  /** Samples there will be, when that is known and each has its row: then their place is ready. */
  #samples: number | undefined;
  readonly #leaves: TypedArray[][] = [];
  readonly #ready: Tensor[] = [];
  readonly #host: TypedArray[] = [];
  #program: Outputs | undefined;
  #rows = 0;

  constructor(samples?: number) {
    this.#samples = samples;
  }

  /** Runs the program for a batch of so many samples and keeps what it gives. */
  async add(
    p: Outputs,
    samples: number,
    run: (places?: readonly DeviceBuffer[]) => DeviceBuffer[],
  ): Promise<void> {
    this.#check(p, samples);
    const backend = getBackend();
    if (this.#samples !== undefined && backend.part) {
      for (const b of run(p.outputs.map((o, i) => this.#part(i, o, backend)))) b.dispose();
    } else {
      for (const [i, b] of run().entries()) {
        const place = this.#place(i, p.outputs[i]);
        if (backend.sync) b.readSync(place);
        else place.set(await b.read());
        b.dispose();
      }
    }
    this.#rows += samples;
  }

  /** Whether these outputs can stand behind those of the batches before. */
  #check(p: Outputs, samples: number): void {
    const first = this.#program;
    this.#program ??= p;
    const rowEach = p.outputs.every((o) => o.shape[0] === samples);
    if (!first && !rowEach) this.#samples = undefined;
    for (const [i, { shape }] of p.outputs.entries()) {
      const was = first?.outputs[i].shape;
      const joins = shape.length > 0 && (!was || sameShape(was.slice(1), shape.slice(1)));
      if (!joins || (this.#samples !== undefined && !rowEach))
        throw new GradloomError(
          'data',
          `predict: outputs of batches cannot be joined: shape ${showShape(shape)}${was ? ` after ${showShape(was)}` : ' has no batch dimension'}.`,
          { shape: [...shape] },
        );
    }
  }

  /** The next rows of the whole of output `i`: the program itself writes them there. */
  #part(i: number, { shape, dtype }: Aval, backend: Backend): DeviceBuffer {
    const whole: Shape = [this.#samples!, ...shape.slice(1)];
    const rowBytes = sizeOf(shape.slice(1)) * bytesOf(dtype);
    this.#ready[i] ??= fromBuffer(backend.allocate(this.#samples! * rowBytes), {
      shape: whole,
      dtype,
    });
    return backend.part!(bufferOf(this.#ready[i]), this.#rows * rowBytes, shape[0] * rowBytes);
  }

  /** Where the next rows of output `i` go in the host's memory. */
  #place(i: number, { shape, dtype }: Aval): Uint8Array {
    const size = sizeOf(shape.slice(1));
    if (this.#samples === undefined) {
      const rows = makeArray(dtype, shape[0] * size);
      this.#leaves[i] ??= [];
      this.#leaves[i].push(rows);
      return bytesIn(rows);
    }
    if (!this.#host[i]) {
      this.#host[i] = makeArray(dtype, this.#samples * size);
      this.#ready[i] = fromData(this.#host[i], [this.#samples, ...shape.slice(1)], dtype);
    }
    const begin = this.#rows * size * bytesOf(dtype);
    return bytesIn(this.#host[i]).subarray(begin, begin + shape[0] * size * bytesOf(dtype));
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
