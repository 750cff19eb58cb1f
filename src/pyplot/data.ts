import { GradloomError } from '../errors.ts';

/** What a Gradloom tensor looks like from here: told by its members, so no import is needed. */
export interface TensorLike {
  readonly shape: readonly number[];
  readonly dtype: string;
  data(): Promise<ArrayLike<number | bigint>>;
  dataSync?(): ArrayLike<number | bigint>;
}

/** A flat list of numbers. */
export type NumberList = ArrayLike<number | bigint | boolean>;

/** Anything that can be plotted: numbers, nested lists, typed arrays, or tensors. */
export type ArrayInput = number | NumberList | TensorLike | readonly ArrayInput[];

/** Numbers in row-major order together with their shape. */
export interface Dense {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** True for an object that carries `shape`, `dtype` and an async `data()`. */
export function isTensor(value: unknown): value is TensorLike {
  if (typeof value !== 'object' || value === null) return false;
  const t = value as Partial<TensorLike>;
  return Array.isArray(t.shape) && typeof t.dtype === 'string' && typeof t.data === 'function';
}

function fail(message: string, facts?: Record<string, unknown>): never {
  throw new GradloomError('pyplot.data', message, facts);
}

function toNumber(value: unknown, name: string): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint' || typeof value === 'boolean') return Number(value);
  if (value === null || value === undefined) return Number.NaN;
  return fail(`${name} must hold numbers, but it holds ${describe(value)}.`, { name });
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `the string ${JSON.stringify(value)}`;
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function fromTensor(tensor: TensorLike, data: ArrayLike<number | bigint>, name: string): Dense {
  const shape = [...tensor.shape];
  const size = shape.reduce((a, b) => a * b, 1);
  if (data.length !== size) {
    fail(`${name} is a tensor of shape [${shape}] but gave ${data.length} values.`, {
      name,
      shape,
    });
  }
  return { shape, data: Float64Array.from(data, Number) };
}

function fromNested(value: unknown, name: string): Dense {
  const shape: number[] = [];
  for (let level = value; isList(level); level = level[0]) {
    shape.push(level.length);
    if (level.length === 0) break;
  }
  const out: number[] = [];
  const walk = (level: unknown, depth: number): void => {
    if (depth === shape.length) {
      if (isList(level)) fail(`${name} is ragged: some rows nest deeper than others.`, { name });
      out.push(toNumber(level, name));
      return;
    }
    if (!isList(level) || level.length !== shape[depth]) {
      fail(`${name} is ragged: its rows must all have length ${shape[depth]}.`, { name, shape });
    }
    for (let i = 0; i < level.length; i++) walk(level[i], depth + 1);
  };
  walk(value, 0);
  return { shape, data: Float64Array.from(out) };
}

/**
 * Reads a value that is at hand.
 * @param value number, (nested) list, or typed array; not a tensor
 * @param name what to call the value in an error
 * @throws GradloomError `pyplot.data` when it is ragged or holds something other than numbers
 */
export function toDense(value: unknown, name: string): Dense {
  if (!isList(value) && typeof value === 'object' && value !== null) {
    fail(`${name} must be an array, a typed array, or a tensor; got an object.`, { name });
  }
  if (value === undefined || value === null) fail(`${name} is missing.`, { name });
  return fromNested(value, name);
}

function readNow(tensor: TensorLike): ArrayLike<number | bigint> | undefined {
  try {
    return tensor.dataSync?.();
  } catch {
    // A back end that computes asynchronously refuses dataSync; data() is its way.
    return undefined;
  }
}

/**
 * Reads several inputs and hands them to `use`: at once where every one is at hand, otherwise when
 * the tensors' data has arrived.
 * @returns undefined when `use` has run, or the promise of its run
 */
export function withDense(
  inputs: readonly { value: unknown; name: string }[],
  use: (dense: Dense[]) => void,
): Promise<void> | undefined {
  // What is at hand is read first: when it is bad, no tensor's data has been asked for.
  const known = inputs.map(({ value, name }) =>
    isTensor(value) ? undefined : toDense(value, name),
  );
  const read = inputs.map(({ value, name }, i): Dense | Promise<Dense> => {
    if (!isTensor(value)) return known[i] as Dense;
    const data = readNow(value);
    if (data !== undefined) return fromTensor(value, data, name);
    return value.data().then((later) => fromTensor(value, later, name));
  });
  if (read.every((r): r is Dense => !(r instanceof Promise))) {
    use(read);
    return undefined;
  }
  return Promise.all(read).then(use);
}

/** The one-dimensional reading of `dense`: a scalar or an n x 1 column becomes a list. */
export function asVector(dense: Dense, name: string): Float64Array {
  const long = dense.shape.filter((n) => n !== 1);
  if (long.length > 1) {
    fail(`${name} must be one-dimensional, but its shape is [${dense.shape}].`, {
      name,
      shape: dense.shape,
    });
  }
  return dense.data;
}

/** Throws unless the two lists have one length. */
export function sameLength(
  a: { readonly length: number },
  b: { readonly length: number },
  nameA: string,
  nameB: string,
): void {
  if (a.length !== b.length) {
    fail(`${nameA} and ${nameB} must have the same length, but have ${a.length} and ${b.length}.`, {
      [nameA]: a.length,
      [nameB]: b.length,
    });
  }
}

/** Smallest and largest finite value, or undefined when there is none. */
export function finiteRange(values: ArrayLike<number>): [number, number] | undefined {
  let lo = Number.POSITIVE_INFINITY;
  let hi = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (!Number.isFinite(v)) continue;
    if (v < lo) lo = v;
    if (v > hi) hi = v;
  }
  return lo <= hi ? [lo, hi] : undefined;
}
