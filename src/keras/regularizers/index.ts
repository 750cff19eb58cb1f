/** Penalties on weights, added to the loss. */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { lookup } from '../identifiers.ts';
import { absolute } from '../kinks.ts';

export abstract class Regularizer {
  /** The penalty of `w`: a scalar. */
  abstract call(w: Tensor): Tensor;
  abstract getConfig(): Record<string, unknown>;
}

function strength(name: string, v: number): number {
  if (!(v >= 0) || !Number.isFinite(v))
    throw new GradloomError(
      'regularizer',
      `${name} must be a number of 0 or more; received ${v}.`,
      { [name]: v },
    );
  return v;
}

/** l1 * sum|w| + l2 * sum w². */
export class L1L2 extends Regularizer {
  readonly l1: number;
  readonly l2: number;
  constructor(o: { l1?: number; l2?: number } = {}) {
    super();
    this.l1 = strength('l1', o.l1 ?? 0);
    this.l2 = strength('l2', o.l2 ?? 0);
  }
  call(w: Tensor): Tensor {
    const a = this.l1 ? absolute(w).sum().mul(this.l1) : undefined;
    const b = this.l2 ? w.square().sum().mul(this.l2) : undefined;
    return a && b ? a.add(b) : (a ?? b ?? w.sum().mul(0));
  }
  getConfig(): Record<string, unknown> {
    return { l1: this.l1, l2: this.l2 };
  }
}

export class L1 extends L1L2 {
  constructor(o: { l1?: number } | number = {}) {
    super({ l1: typeof o === 'number' ? o : (o.l1 ?? 0.01) });
  }
  override getConfig(): Record<string, unknown> {
    return { l1: this.l1 };
  }
}

export class L2 extends L1L2 {
  constructor(o: { l2?: number } | number = {}) {
    super({ l2: typeof o === 'number' ? o : (o.l2 ?? 0.01) });
  }
  override getConfig(): Record<string, unknown> {
    return { l2: this.l2 };
  }
}

export const l1 = (o: { l1?: number } | number = {}): Regularizer => new L1(o);
export const l2 = (o: { l2?: number } | number = {}): Regularizer => new L2(o);
export const l1L2 = (o: { l1?: number; l2?: number } = {}): Regularizer =>
  new L1L2({ l1: o.l1 ?? 0.01, l2: o.l2 ?? 0.01 });

export type RegularizerLike = string | Regularizer | null | undefined;

export function getRegularizer(id: RegularizerLike): Regularizer | undefined {
  if (id == null) return undefined;
  if (id instanceof Regularizer) return id;
  if (typeof id !== 'string')
    throw new GradloomError(
      'regularizer',
      'A regularizer is an id ("l1", "l2", "l1L2") or a Regularizer.',
      { received: id },
    );
  return lookup<() => Regularizer>('regularizer', id, { l1, l2, l1L2 })();
}
