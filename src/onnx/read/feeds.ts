/** What a model that was read is fed, by name or in order, and its programs for the shapes of that. */
import { getBackend } from '../../backends/registry.ts';
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { nearest } from '../../suggest.ts';
import { asTensor, type Tensor, type TensorLike, type TracedProgram } from '../../tensor/index.ts';

/** An input or an output as its model declares it. Sizes that are open are null, or have a name. */
export interface Declared {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly (number | string | null)[] | undefined;
}

export type Feeds = Readonly<Record<string, TensorLike>>;

/** A tensor of its dtype for each input, in their order. Throws `code`. */
export function checkFeeds(inputs: readonly Declared[], feeds: Feeds, code: string): Tensor[] {
  const names = inputs.map((v) => v.name);
  for (const k of Object.keys(feeds)) {
    if (names.includes(k)) continue;
    const near = nearest(k, names);
    throw new GradloomError(
      code,
      `run: the model has no input "${k}"${near ? `; did you mean "${near}"?` : ''}. It has ${names.join(', ') || 'none'}.`,
      { input: k },
    );
  }
  return inputs.map(({ name, dtype, shape }) => {
    if (!Object.hasOwn(feeds, name))
      throw new GradloomError(code, `run: input "${name}" is missing.`, { input: name });
    const t = asTensor(feeds[name]);
    const fits =
      !shape ||
      (shape.length === t.ndim && shape.every((n, d) => typeof n !== 'number' || n === t.shape[d]));
    if (!fits)
      throw new GradloomError(
        code,
        `run: input "${name}" has the shape (${shape.map((n) => n ?? '?').join(', ')}); received (${t.shape.join(', ')}).`,
        { input: name, expected: shape, received: [...t.shape] },
      );
    return t.dtype === dtype ? t : t.astype(dtype);
  });
}

interface Runs {
  readonly inputs: readonly Declared[];
  readonly outputs: readonly Declared[];
  run(feeds: Feeds): Promise<Record<string, Tensor>>;
}

/** Runs a model on inputs in order: the output, or the outputs in order. Throws `code`. */
export async function runInOrder<R>(
  model: Runs,
  inputs: readonly TensorLike[],
  code: string,
): Promise<R> {
  const names = model.inputs.map((v) => v.name);
  if (inputs.length !== names.length)
    throw new GradloomError(
      code,
      `predict: the model has ${names.length} inputs (${names.join(', ')}); received ${inputs.length}.`,
    );
  const out = await model.run(Object.fromEntries(names.map((name, i) => [name, inputs[i]])));
  const all = model.outputs.map((v) => out[v.name]);
  return (all.length === 1 ? all[0] : all) as R;
}

/** The part of a program's key that all have: what their tensors are. */
export const shapesKey = (tensors: readonly Tensor[]): string =>
  tensors.map((t) => `${t.dtype}[${t.shape}]`).join(';');

/** A model's compiled programs, a few, for the backend that is in use. */
export class Programs {
  readonly #programs = new Map<string, TracedProgram>();
  #backend: unknown;

  get(key: string): TracedProgram | undefined {
    const backend = getBackend();
    if (backend !== this.#backend) {
      this.dispose();
      this.#backend = backend;
    }
    return this.#programs.get(key);
  }
  set(key: string, program: TracedProgram): void {
    if (this.#programs.size >= 16) this.dispose();
    this.#programs.set(key, program);
  }
  dispose(): void {
    for (const p of this.#programs.values()) p.executable.dispose();
    this.#programs.clear();
  }
}
