/**
 * The battery: every layer goes through the same checks, from a table. A row of test/battery/*.json
 * names a Keras layer, its config and the shapes of its inputs; scripts/goldens/make_battery.py
 * computes what Keras on JAX makes of it, from the same numbers as are drawn here.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DType, TypedArray } from '../../../dtype.ts';
import { gradient } from '../../../graph/index.ts';
import { compile, fromData, Tensor } from '../../../tensor/index.ts';
import { StateScope, withStateScope } from '../../../tensor/state.ts';
import { flattenTree } from '../../../tensor/tree.ts';
import type { KerasTensor } from '../../functional/keras-tensor.ts';
import { camelCase } from '../../identifiers.ts';
import { Model } from '../../models/index.ts';
import { flatten, type TreeOf } from '../../tree.ts';
import type { Variable } from '../../variable.ts';
import * as layers from '../index.ts';
import { getMask, setMask } from '../mask.ts';

interface InputSpec {
  readonly shape?: readonly number[];
  readonly dtype?: 'float32' | 'int32' | 'bool';
  readonly low?: number;
  readonly high?: number;
  /** So few distinct values that some are equal. */
  readonly levels?: number;
  readonly values?: unknown;
}

type MaskSpec = { readonly lengths: readonly number[] } | { readonly values: boolean[][] } | null;

export interface Row {
  readonly name: string;
  readonly layer: string;
  /** As Keras has it, in snake_case; nested layers as {class_name, config}. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly input?: InputSpec | readonly number[];
  readonly inputs?: readonly (InputSpec | readonly number[])[];
  /** One for each input. */
  readonly masks?: readonly MaskSpec[];
  /** Inputs that the call takes by name: { value: 1 }. */
  readonly arguments?: Readonly<Record<string, number>>;
  /** Further arguments of the call. */
  readonly call?: Readonly<Record<string, unknown>>;
  /** A list even of one input. */
  readonly list?: boolean;
  /** Training draws random numbers that are not Keras's. */
  readonly random?: boolean;
  readonly noGradient?: boolean;
  readonly noSteps?: boolean;
  /** Gradients jump at these inputs, so finite differences say nothing. */
  readonly kinked?: boolean;
  /** A sample's output hangs on the rest of its batch, or on earlier calls. */
  readonly batchCoupled?: boolean;
  /** Learning rate of the three steps. */
  readonly rate?: number;
  /** What the bounds are multiplied by; say why in `because`. */
  readonly tolerance?: number;
  readonly because?: string;
}

export interface Packed {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly data: string;
}

export interface Golden {
  readonly name: string;
  readonly weights: readonly { name: string; shape: readonly number[]; trainable: boolean }[];
  readonly output: readonly Packed[];
  readonly mask?: readonly (Packed | null)[];
  readonly trained?: readonly Packed[];
  readonly after?: readonly Packed[];
  readonly gradients?: { readonly weights: readonly Packed[]; readonly inputs: readonly Packed[] };
  readonly steps?: readonly Packed[];
}

const root = join(dirname(fileURLToPath(import.meta.url)), '../../../../test');

/** The names of the families. */
export function families(): string[] {
  const files = readdirSync(join(root, 'battery')).filter((f) => f.endsWith('.json'));
  return files.map((f) => f.replace('.json', ''));
}

/** The rows of a family, each with its golden. */
export function familyOf(family: string): { row: Row; golden: Golden }[] {
  const read = (folder: string): unknown =>
    JSON.parse(readFileSync(join(root, folder, `${family}.json`), 'utf8'));
  const rows = read('battery') as Row[];
  const goldens = read('goldens/battery') as { rows: Golden[] };
  const found = new Map(goldens.rows.map((g) => [g.name, g]));
  return rows.map((row) => {
    const golden = found.get(row.name);
    if (!golden)
      throw new Error(
        `${family}: no golden for "${row.name}"; run scripts/goldens/make_battery.py`,
      );
    return { row, golden };
  });
}

/** Numbers in [-1, 1) that float32 holds: FNV-1a of the label, murmur3's finalizer of the position. */
export function uniform(label: string, n: number): Float32Array {
  let seed = 0x811c9dc5;
  for (const b of new TextEncoder().encode(label)) seed = Math.imul(seed ^ b, 0x01000193);
  return Float32Array.from({ length: n }, (_, i) => {
    let h = (Math.imul(i, 0x9e3779b9) + seed) >>> 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
    return (h >>> 8) / 2 ** 23 - 1;
  });
}

const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

function makeInput(label: string, given: InputSpec | readonly number[], float: DType): Tensor {
  const spec: InputSpec = Array.isArray(given) ? { shape: given } : (given as InputSpec);
  const dtype = spec.dtype ?? 'float32';
  if (spec.values !== undefined) {
    const values = [spec.values].flat(9) as (number | boolean)[];
    const shape: number[] = [];
    for (let v = spec.values; Array.isArray(v); v = v[0]) shape.push(v.length);
    return makeTensor(values.map(Number), shape, dtype === 'float32' ? float : dtype);
  }
  const { low = -1, high = 1, levels } = spec;
  const shape = spec.shape!;
  const scaled = (u: number): number => low + ((u + 1) / 2) * (high - low);
  const values = Array.from(uniform(label, count(shape)), (u) => {
    if (dtype === 'bool') return Number(u < 0.4);
    if (dtype === 'int32') return Math.floor(scaled(u));
    const v = levels ? (Math.floor(((u + 1) / 2) * levels) / levels) * 2 - 1 : u;
    // Keras is given float32 numbers: no others, in float64 either.
    return Math.fround(scaled(v));
  });
  return makeTensor(values, shape, dtype === 'float32' ? float : dtype);
}

function makeTensor(values: readonly number[], shape: readonly number[], dtype: DType): Tensor {
  const data: TypedArray =
    dtype === 'bool'
      ? Uint8Array.from(values)
      : dtype === 'int32'
        ? Int32Array.from(values)
        : dtype === 'float64'
          ? Float64Array.from(values)
          : Float32Array.from(values);
  return fromData(data, [...shape], dtype);
}

function makeMask(spec: MaskSpec, shape: readonly number[]): Tensor | undefined {
  if (!spec) return undefined;
  const [n, steps] = 'values' in spec ? [spec.values.length, spec.values[0].length] : shape;
  const values =
    'lengths' in spec
      ? Array.from({ length: n * steps }, (_, i) =>
          Number(i % steps < spec.lengths[Math.floor(i / steps)]),
        )
      : spec.values.flat().map(Number);
  return makeTensor(values, [n, steps], 'bool');
}

/** Options in camelCase, with nested layers made. */
function revive(config: unknown, dtype?: DType): unknown {
  if (Array.isArray(config)) return config.map((c) => revive(c, dtype));
  if (config === null || typeof config !== 'object') return config;
  const entries = Object.entries(config);
  const c = config as { class_name?: string; config?: unknown };
  if (entries.length === 2 && c.class_name !== undefined && c.config !== undefined)
    return makeLayer(c.class_name, c.config as Row['config'], dtype);
  return Object.fromEntries(entries.map(([k, v]) => [camelCase(k), revive(v, dtype)]));
}

type AnyLayer = layers.Layer;
type LayerClass = {
  new (o: unknown): AnyLayer;
  fromConfig?(c: Record<string, unknown>): AnyLayer;
};

/** A layer of that class from what `getConfig` gave. */
export function remake(name: string, config: Record<string, unknown>): AnyLayer {
  const C = layerClass(name);
  return C.fromConfig ? C.fromConfig(config) : new C(config);
}

function layerClass(name: string): LayerClass {
  const found = (layers as unknown as Record<string, LayerClass | undefined>)[name];
  if (!found) throw new Error(`keras.layers has no ${name}`);
  return found;
}

function makeLayer(name: string, config: Row['config'], dtype?: DType): AnyLayer {
  return new (layerClass(name))({
    ...(revive(config, dtype) as object),
    ...(dtype && dtype !== 'float32' ? { dtype } : {}),
  });
}

interface Called {
  readonly out: Tensor[];
  readonly penalties: readonly Tensor[];
  /** Of the variables. */
  readonly after: readonly Tensor[];
}

interface Gradients {
  readonly loss: Tensor;
  readonly after: readonly Tensor[];
  /** Positions of the trainable weights. */
  readonly trainable: readonly number[];
  readonly weights: Tensor[];
  readonly inputs: Tensor[];
}

export type Results = Record<
  'output' | 'mask' | 'trained' | 'after' | 'weightGradients' | 'inputGradients' | 'steps',
  Tensor[]
>;

/** A layer of the battery with its inputs and weights. */
export class Subject {
  readonly row: Row;
  readonly golden: Golden;
  readonly layer: AnyLayer;
  readonly inputs: readonly Tensor[];
  readonly weights: readonly Tensor[];
  readonly #dtype: DType;

  constructor(row: Row, golden: Golden, dtype: DType = 'float32', layer?: AnyLayer) {
    this.row = row;
    this.golden = golden;
    this.#dtype = dtype;
    const specs = row.inputs ?? [row.input!];
    this.inputs = specs.map((s, i) => makeInput(`${row.name}/input${i}`, s, dtype));
    this.layer = layer ?? makeLayer(row.layer, row.config, dtype);
    this.#apply(this.inputs, false);
    this.weights = this.layer.weights.map((w, i) => {
      const label = `${row.name}/weight${i}/${golden.weights[i]?.name}`;
      const u = Array.from(uniform(label, w.size), (v) =>
        label.includes('variance') ? Math.fround(Math.abs(v) + 0.5) : v * 0.5,
      );
      return makeTensor(u, w.shape, w.dtype);
    });
    this.layer.setWeights(this.weights);
  }

  get variables(): readonly Variable[] {
    return [...this.layer.weights, ...this.layer.states];
  }

  #mask(inputs: readonly Tensor[]): void {
    this.row.masks?.forEach((m, i) => {
      const mask = makeMask(m, inputs[i].shape);
      if (mask) setMask(inputs[i], mask);
    });
  }

  #apply(inputs: readonly Tensor[], training: boolean): Tensor[] {
    this.#mask(inputs);
    const [given, extra] = this.#arguments(inputs);
    const out = this.layer.apply<unknown>(given as Tensor, { ...extra, training });
    return flattenTree(out).leaves as Tensor[];
  }

  /** The inputs as the call takes them, and its arguments. */
  #arguments<T>(inputs: readonly T[]): [unknown, Record<string, unknown>] {
    const { row } = this;
    const named = Object.entries(row.arguments ?? {});
    const first = inputs.filter((_, i) => !named.some(([, at]) => at === i));
    const extra = Object.fromEntries([
      ...named.map(([k, i]) => [camelCase(k), inputs[i]]),
      ...Object.entries(row.call ?? {}).map(([k, v]) => [camelCase(k), v]),
    ]);
    return [first.length === 1 && !row.list ? first[0] : first, extra];
  }

  /**
   * The outputs and their shapes when a fresh layer is the only one of a functional model, of which the
   * number of samples is not known, and which is made anew from its config.
   */
  inModel(): { outputs: readonly Tensor[]; shapes: readonly (readonly (number | null)[])[] } {
    const model = this.model();
    const config = JSON.parse(JSON.stringify(model.getConfig())) as Record<string, unknown>;
    const again = Model.fromConfig(config) as Model;
    again.setWeights(this.weights);
    this.#mask(this.inputs);
    const outputs = again.apply<Tensor | Tensor[]>([...this.inputs]);
    return { outputs: flatten<Tensor>(outputs), shapes: model.outputs.map((t) => t.shape) };
  }

  /** A functional model of a fresh layer with the row's weights; the number of samples is not known. */
  model(): Model {
    const samples = this.inputs[0].shape[0];
    const symbols = this.inputs.map((x) => {
      const first = x.shape[0] === samples ? null : x.shape[0];
      return layers.input({ batchShape: [first, ...x.shape.slice(1)], dtype: x.dtype });
    });
    const [given, extra] = this.#arguments(symbols);
    const made = makeLayer(this.row.layer, this.row.config).apply<TreeOf<KerasTensor>>(
      given as KerasTensor,
      extra,
    );
    const model = new Model({ inputs: symbols, outputs: flatten(made) });
    model.setWeights(this.weights);
    return model;
  }

  /** The outputs, and the variables' values after the call. */
  #call(values: readonly Tensor[], inputs: readonly Tensor[], training: boolean): Called {
    const { variables } = this;
    return withStateScope(new StateScope(), () => {
      variables.forEach((v, i) => {
        v.assign(values[i]);
      });
      const out = this.#apply(inputs, training);
      return { out, penalties: this.layer.losses, after: variables.map((v) => v.tensor) };
    });
  }

  #loss(
    values: readonly Tensor[],
    inputs: readonly Tensor[],
    training = !this.row.random,
  ): [Tensor, readonly Tensor[]] {
    const { out, penalties, after } = this.#call(values, inputs, training);
    let total = out
      .map((t, i) => {
        const u = uniform(`${this.row.name}/target${i}`, t.size);
        return t
          .sub(makeTensor(Array.from(u), t.shape, this.#dtype))
          .square()
          .sum()
          .mul(0.5);
      })
      .reduce((a, b) => a.add(b));
    for (const p of penalties) total = total.add(p);
    return [total, after];
  }

  get #floats(): number[] {
    return this.inputs.flatMap((x, i) => (x.dtype === this.#dtype ? [i] : []));
  }

  #gradients(values: readonly Tensor[], inputs: readonly Tensor[], training?: boolean): Gradients {
    const trainable = this.layer.weights.flatMap((w, i) =>
      this.layer.trainableWeights.includes(w) ? [i] : [],
    );
    const [loss, after] = this.#loss(values, inputs, training);
    const wrt = [...trainable.map((i) => values[i]), ...this.#floats.map((i) => inputs[i])];
    const gs = gradient(
      loss.value,
      wrt.map((t) => t.value),
    ).map((g) => Tensor.of(g));
    return {
      loss,
      after,
      trainable,
      weights: gs.slice(0, trainable.length),
      inputs: gs.slice(trainable.length),
    };
  }

  /** Inference, training, gradients and three steps as one program on the backend in use. */
  run(): Results {
    const { row, golden } = this;
    const program = compile(
      (values: Tensor[], inputs: Tensor[]) => {
        const infer = this.#call(values, inputs, false);
        const mask = infer.out.map((t) => getMask(t));
        const result: Record<string, Tensor[]> = { output: infer.out };
        result.mask = mask.filter((m) => m != null);
        if (!row.random) {
          const { out, after } = this.#call(values, inputs, true);
          result.trained = out;
          result.after = this.layer.weights.flatMap((w, i) =>
            this.layer.trainableWeights.includes(w) ? [] : [after[i]],
          );
        }
        if (golden.gradients) {
          const g = this.#gradients(values, inputs);
          result.weightGradients = g.weights;
          result.inputGradients = g.inputs;
        }
        if (golden.steps) result.steps = this.#steps(values, inputs, infer.out);
        return result;
      },
      { name: 'battery' },
    );
    const values = this.variables.map((v) => v.tensor);
    return program(values, [...this.inputs]) as Results;
  }

  /** The trainable weights after three steps on the mean over the outputs. */
  #steps(
    start: readonly Tensor[],
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
  ): Tensor[] {
    const scale = 1 / outputs.reduce((n, t) => n + t.size, 0);
    let values = start;
    let velocity: readonly (Tensor | undefined)[] = [];
    let trainable: readonly number[] = [];
    for (let step = 0; step < 3; step++) {
      const g = this.#gradients(values, inputs);
      trainable = g.trainable;
      ({ values, velocity } = this.#moved(values, velocity, g, scale));
    }
    return trainable.map((i) => values[i]);
  }

  /** The variables after a step of SGD with momentum .9, and the trainable weights' velocities. */
  #moved(
    values: readonly Tensor[],
    velocity: readonly (Tensor | undefined)[],
    g: Gradients,
    scale: number,
  ): { values: Tensor[]; velocity: Tensor[] } {
    const rate = this.row.rate ?? 0.5;
    const next = [...g.after];
    const moved = g.trainable.map((i, k) => {
      const push = g.weights[k].mul(-rate * scale);
      const v = velocity[k];
      const m = v ? v.mul(0.9).add(push) : push;
      const w = values[i].add(m);
      const { constraint } = this.layer.weights[i] as { constraint?: (w: Tensor) => Tensor };
      next[i] = constraint ? constraint(w) : w;
      return m;
    });
    return { values: next, velocity: moved };
  }

  /**
   * The losses of so many steps on the mean over the outputs, in training, with whatever that draws.
   * Where the layer has no weights to train, its inputs are moved. Empty where there is no gradient.
   */
  async losses(steps: number): Promise<number[]> {
    const { golden, row } = this;
    if (!golden.gradients) return [];
    const scale = 1 / golden.output.reduce((n, p) => n + count(p.shape), 0);
    const floats = this.#floats;
    const trains = this.layer.trainableWeights.length > 0;
    const step = compile(
      (values: Tensor[], velocity: Tensor[], inputs: Tensor[]) => {
        const g = this.#gradients(values, inputs, true);
        const moved = this.#moved(values, velocity, g, scale);
        const next = [...inputs];
        if (!trains)
          floats.forEach((i, k) => {
            next[i] = inputs[i].sub(g.inputs[k].mul((row.rate ?? 0.5) * scale));
          });
        return { loss: g.loss.mul(scale), ...moved, inputs: next };
      },
      { name: 'battery step' },
    );
    let values = this.variables.map((v) => v.tensor);
    let velocity = values
      .slice(0, this.layer.weights.length)
      .filter((_, i) => this.layer.trainableWeights.includes(this.layer.weights[i]))
      .map((w) => w.mul(0));
    let inputs = [...this.inputs];
    const losses: Tensor[] = [];
    for (let i = 0; i < steps; i++) {
      const done = step(values, velocity, inputs);
      losses.push(done.loss);
      ({ values, velocity, inputs } = done);
    }
    const out: number[] = [];
    for (const l of losses) out.push((await l.data())[0]);
    return out;
  }

  /** Inference alone. */
  infer(): Tensor[] {
    const program = compile(
      (values: Tensor[], inputs: Tensor[]) => this.#call(values, inputs, false).out,
    );
    return program(
      this.variables.map((v) => v.tensor),
      [...this.inputs],
    );
  }

  /** Inference on the first sample alone. */
  first(): Tensor[] {
    const one = compile(
      (values: Tensor[], inputs: Tensor[]) => this.#call(values, inputs, false).out,
    );
    const cut = this.inputs.map((x) => x.slice([0, 1]));
    this.row.masks?.forEach((m, i) => {
      if (m) throw new Error(`${this.row.name}: masks are cut by the caller (input ${i})`);
    });
    return one(
      this.variables.map((v) => v.tensor),
      cut,
    );
  }

  /** [derivative along a random direction, the same by central differences]. */
  directional(): { analytic: Tensor; plus: Tensor; minus: Tensor; step: number } {
    const step = 1e-5;
    const check = compile((values: Tensor[], inputs: Tensor[]) => {
      const g = this.#gradients(values, inputs);
      const along = (t: Tensor, label: string): Tensor =>
        makeTensor(Array.from(uniform(label, t.size)), t.shape, this.#dtype);
      const floats = this.#floats;
      const moved = (sign: number): Tensor => {
        const v = values.map((t, i) =>
          g.trainable.includes(i) ? t.add(along(t, `w${i}`).mul(sign * step)) : t,
        );
        const x = inputs.map((t, i) =>
          floats.includes(i) ? t.add(along(t, `x${i}`).mul(sign * step)) : t,
        );
        return this.#loss(v, x)[0];
      };
      const parts = [
        ...g.weights.map((d, k) => d.mul(along(d, `w${g.trainable[k]}`)).sum()),
        ...g.inputs.map((d, k) => d.mul(along(d, `x${floats[k]}`)).sum()),
      ];
      return { analytic: parts.reduce((a, b) => a.add(b)), plus: moved(1), minus: moved(-1) };
    });
    return {
      ...check(
        this.variables.map((v) => v.tensor),
        [...this.inputs],
      ),
      step,
    };
  }
}

export function unpack(p: Packed): TypedArray {
  const bytes = Uint8Array.from(Buffer.from(p.data, 'base64'));
  if (p.dtype === 'bool') return bytes;
  return p.dtype === 'int32' ? new Int32Array(bytes.buffer) : new Float32Array(bytes.buffer);
}
