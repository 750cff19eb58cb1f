/**
 * State that traced functions read and change: a weight, a seed, a metric's total. While a function
 * is traced, every cell it touches gets a stand-in, and what is assigned to it is a result of the
 * program; so a compiled function moves state at each call, as the function itself would.
 */
import type { Backend, DeviceBuffer } from '../backends/backend.ts';
import type { Aval, Value } from '../graph/index.ts';
import * as lax from '../graph/lax.ts';
import { Tensor } from './tensor.ts';

/** What holds the state outside of traces: see `Variable`. */
export interface StateCell extends Aval {
  /** For listings: `dense/kernel`. */
  readonly path: string;
  /** The buffer to read from; the cell keeps it. */
  peek(backend: Backend): DeviceBuffer;
  /** The buffer to overwrite; `put` gives back what has become of it. */
  take(backend: Backend): DeviceBuffer;
  put(buffer: DeviceBuffer, backend: Backend): void;
}

interface Touched {
  readonly input: Value;
  now: Tensor;
  changed: boolean;
}

/** The cells that one trace has touched, in the order of their first use. */
export class StateScope {
  readonly #cells = new Map<StateCell, Touched>();

  #touch(cell: StateCell): Touched {
    let t = this.#cells.get(cell);
    if (!t) {
      const input = lax.parameter(cell.shape, cell.dtype, cell.path);
      t = { input, now: new Tensor(input), changed: false };
      this.#cells.set(cell, t);
    }
    return t;
  }

  /** The value that the cell has at this point of the trace. */
  read(cell: StateCell): Tensor {
    return this.#touch(cell).now;
  }
  /** Of the cell's shape and dtype. */
  write(cell: StateCell, value: Tensor): void {
    const t = this.#touch(cell);
    t.now = value;
    t.changed = true;
  }

  get touched(): boolean {
    return this.#cells.size > 0;
  }
  /** Whether the trace has assigned to the cell. */
  changes(cell: StateCell): boolean {
    return this.#cells.get(cell)?.changed ?? false;
  }

  /** What the program takes and gives: changed cells first, then those that are only read. */
  finish(): TracedState {
    const entries = [...this.#cells];
    const changed = entries.filter(([, t]) => t.changed);
    const read = entries.filter(([, t]) => !t.changed);
    return {
      changed: changed.map(([c]) => c),
      read: read.map(([c]) => c),
      inputs: [...changed, ...read].map(([, t]) => t.input),
      outputs: changed.map(([, t]) => t.now.value),
    };
  }
}

export interface TracedState {
  readonly changed: readonly StateCell[];
  readonly read: readonly StateCell[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

let current: StateScope | undefined;

/** The scope of the trace that is going on, if any. */
export function stateScope(): StateScope | undefined {
  return current;
}

/**
 * Runs `f` with state of its own: what it assigns to cells is seen inside only, and kept by the
 * scope. For finding shapes, too: a scope that nobody finishes changes nothing.
 */
export function withStateScope<T>(scope: StateScope | undefined, f: () => T): T {
  const outer = current;
  current = scope;
  try {
    return f();
  } finally {
    current = outer;
  }
}
