/**
 * The reference backend: a plain interpreter of the graph that computes every float in double.
 * It is slow and obvious, and it defines what each primitive means: other backends are compared
 * with it. It shares nothing with the compiler.
 */
import { bytesOf, viewArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { sizeOf } from '../../shape.ts';
import type { Backend, CompileOptions, DeviceBuffer, Executable } from '../backend.ts';
import { interpret } from './interpret.ts';

interface Totals {
  buffers: number;
  bytes: number;
}

class HostBuffer implements DeviceBuffer {
  readonly byteLength: number;
  #bytes: Uint8Array | undefined;
  readonly #totals: Totals;

  constructor(bytes: Uint8Array, totals: Totals) {
    this.byteLength = bytes.byteLength;
    this.#bytes = bytes;
    this.#totals = totals;
    totals.buffers++;
    totals.bytes += bytes.byteLength;
  }

  get disposed(): boolean {
    return this.#bytes === undefined;
  }

  /** The bytes themselves, not a copy. */
  get bytes(): Uint8Array {
    if (!this.#bytes)
      throw new GradloomError('disposed', 'This buffer has been disposed of or donated.');
    return this.#bytes;
  }

  write(bytes: Uint8Array): void {
    if (bytes.byteLength !== this.byteLength) {
      throw new GradloomError(
        'buffer',
        `The buffer holds ${this.byteLength} bytes; received ${bytes.byteLength}.`,
        { expected: this.byteLength, received: bytes.byteLength },
      );
    }
    this.bytes.set(bytes);
  }

  async read(): Promise<Uint8Array> {
    return this.readSync();
  }

  readSync(into?: Uint8Array): Uint8Array {
    if (!into) return this.bytes.slice();
    into.set(this.bytes);
    return into;
  }

  dispose(): void {
    if (!this.#bytes) return;
    this.#totals.buffers--;
    this.#totals.bytes -= this.byteLength;
    this.#bytes = undefined;
  }
}

function compile(graph: Graph, options: CompileOptions, totals: Totals): Executable {
  const name = options.name ?? graph.name;
  const program = interpret(graph);
  let disposed = false;
  return {
    run(buffers) {
      if (disposed)
        throw new GradloomError('disposed', `The executable "${name}" has been disposed of.`);
      if (buffers.length !== program.inputs.length) {
        throw new GradloomError(
          'inputs',
          `"${name}" takes ${program.inputs.length} inputs; received ${buffers.length}.`,
          { expected: program.inputs.length, received: buffers.length },
        );
      }
      const arrays = buffers.map((buffer, i) => {
        const { shape, dtype } = program.inputs[i];
        const expected = sizeOf(shape) * bytesOf(dtype);
        if (!(buffer instanceof HostBuffer) || buffer.byteLength !== expected) {
          throw new GradloomError(
            'inputs',
            `Input ${i} of "${name}" must be a buffer of this backend with ${expected} bytes; received ${buffer.byteLength} bytes.`,
            { input: i, expected, received: buffer.byteLength },
          );
        }
        const { bytes } = buffer;
        return viewArray(dtype, bytes.buffer, bytes.byteOffset, sizeOf(shape));
      });
      const results = program.run(arrays);
      buffers.forEach((buffer, i) => {
        if (options.donate?.[i]) buffer.dispose();
      });
      return results.map((r) => new HostBuffer(new Uint8Array(r.buffer), totals));
    },
    dispose() {
      disposed = true;
    },
  };
}

export function createReferenceBackend(): Backend {
  const totals: Totals = { buffers: 0, bytes: 0 };
  return {
    name: 'reference',
    sync: true,
    allocate: (byteLength) => new HostBuffer(new Uint8Array(byteLength), totals),
    compile: (graph, options = {}) => compile(graph, options, totals),
    memory: () => ({ ...totals }),
    dispose() {},
  };
}
