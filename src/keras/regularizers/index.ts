/** Penalties on weights, added to the loss. */
import { GradloomError } from '../../errors.ts';
import { type Tensor, tensor } from '../../tensor/index.ts';
import { serializeFunction } from '../custom-objects.ts';
import { checkOptions } from '../identifiers.ts';
import { absolute } from '../kinks.ts';
import { partOf } from '../parts.ts';
import type { Serialized } from '../serialization.ts';

/** Extend it with a `call` of your own. */
export abstract class Regularizer {
  /** The penalty of `w`: a scalar. Traceable. */
  abstract call(w: Tensor): Tensor;
  abstract getConfig(): Record<string, unknown>;
}

function strength(name: string, v: unknown): number {
  if (typeof v === 'number' && v >= 0 && Number.isFinite(v)) return v;
  throw new GradloomError(
    'regularizer',
    `${name} must be a number of 0 or more; received ${String(v)}.`,
    { [name]: v },
  );
}

function penalty(w: Tensor, l1: number, l2: number): Tensor {
  const a = l1 === 0 ? undefined : absolute(w).sum().mul(l1);
  const b = l2 === 0 ? undefined : w.square().sum().mul(l2);
  return a && b ? a.add(b) : (a ?? b ?? tensor(0, { dtype: w.dtype }));
}

export interface L1L2Options {
  readonly l1?: number;
  readonly l2?: number;
}

/** l1 * sum|w| + l2 * sum w²; both 0 when not given. Throws `regularizer` for negative ones. */
export class L1L2 extends Regularizer {
  readonly l1: number;
  readonly l2: number;
  constructor(o: L1L2Options = {}) {
    super();
    checkOptions('L1L2', o, ['l1', 'l2']);
    this.l1 = strength('l1', o.l1 ?? 0);
    this.l2 = strength('l2', o.l2 ?? 0);
  }
  call(w: Tensor): Tensor {
    return penalty(w, this.l1, this.l2);
  }
  getConfig(): Record<string, unknown> {
    return { l1: this.l1, l2: this.l2 };
  }
}

/** l1 * sum|w|; 0.01 when not given. */
export class L1 extends Regularizer {
  readonly l1: number;
  constructor(o: { readonly l1?: number } | number = {}) {
    super();
    if (typeof o === 'object') checkOptions('L1', o, ['l1']);
    this.l1 = strength('l1', typeof o === 'object' ? (o.l1 ?? 0.01) : o);
  }
  call(w: Tensor): Tensor {
    return penalty(w, this.l1, 0);
  }
  getConfig(): Record<string, unknown> {
    return { l1: this.l1 };
  }
}

/** l2 * sum w²; 0.01 when not given. */
export class L2 extends Regularizer {
  readonly l2: number;
  constructor(o: { readonly l2?: number } | number = {}) {
    super();
    if (typeof o === 'object') checkOptions('L2', o, ['l2']);
    this.l2 = strength('l2', typeof o === 'object' ? (o.l2 ?? 0.01) : o);
  }
  call(w: Tensor): Tensor {
    return penalty(w, 0, this.l2);
  }
  getConfig(): Record<string, unknown> {
    return { l2: this.l2 };
  }
}

export const l1 = (o: { readonly l1?: number } | number = {}): L1 => new L1(o);
export const l2 = (o: { readonly l2?: number } | number = {}): L2 => new L2(o);
export const l1L2 = (o: L1L2Options = {}): L1L2 => new L1L2(o);

const table: Record<string, (o?: object) => Regularizer> = {
  l1,
  l2,
  // Keras gives both a strength of 0 here, with which the id would do nothing.
  l1L2: (o = { l1: 0.01, l2: 0.01 }) => new L1L2(o),
};

export type RegularizerFn = (w: Tensor) => Tensor;
export type RegularizerLike = string | Regularizer | RegularizerFn | Serialized | null | undefined;

/** The regularizer that an id, an instance, a function of a weight or a config means. Throws `unknown-id`, `regularizer`. */
export function getRegularizer(id: RegularizerLike): Regularizer | undefined {
  if (id == null) return undefined;
  return partOf<Regularizer, RegularizerFn>(id, {
    kind: 'regularizer',
    type: Regularizer,
    ofFunction: (fn) => new FunctionRegularizer(fn),
    table,
    takes:
      'A regularizer is an id ("l1", "l2", "l1L2"), a Regularizer such as l2(0.01), or a function of a weight.',
  });
}

class FunctionRegularizer extends Regularizer {
  readonly #fn: RegularizerFn;
  constructor(fn: RegularizerFn) {
    super();
    this.#fn = fn;
  }
  call(w: Tensor): Tensor {
    return this.#fn(w);
  }
  get serialized(): Serialized {
    return serializeFunction(this.#fn);
  }
  getConfig(): Record<string, unknown> {
    return { ...this.serialized.config };
  }
}

export { serialize } from '../serialization.ts';
export { getRegularizer as deserialize, getRegularizer as get };
