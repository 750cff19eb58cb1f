/** Adafactor (Shazeer & Stern, 2018): second moments kept as rows and columns of matrices. */
import type { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { Optimizer } from './optimizer.ts';
import type { OptimizerOptions } from './options.ts';

export interface AdafactorOptions extends OptimizerOptions {
  /** Exponent of the step in the decay of second moments. Default -0.8. */
  readonly beta2Decay?: number;
  /** Added to squares of gradients. Default 1e-30. */
  readonly epsilon1?: number;
  /** The least size that weights count as. Default 0.001. */
  readonly epsilon2?: number;
  /** Largest root mean square of an update. Default 1, above 0. */
  readonly clipThreshold?: number;
  /** Whether a rate that is a number falls as 1 / sqrt(t). Default true. */
  readonly relativeStep?: boolean;
}

const own = ['beta2Decay', 'epsilon1', 'epsilon2', 'clipThreshold', 'relativeStep'];

/**
 * With rms the root mean square, b = 1 - t^beta2Decay, s = g² + epsilon1: r and c are averages (of
 * decay b) of s over its last and its last but one dimension, v = r / mean(r) * c; of vectors, v is the
 * average of s itself. u = g / sqrt(v); w -= max(epsilon2, rms(w)) * min(rate, 1 / sqrt(t)) *
 * u / max(1, rms(u) / clipThreshold).
 */
export class Adafactor extends Optimizer {
  readonly beta2Decay: number;
  readonly epsilon1: number;
  readonly epsilon2: number;
  readonly clipThreshold: number;
  readonly relativeStep: boolean;
  #rows: Variable[] = [];
  #columns: Variable[] = [];
  #velocities: Variable[] = [];
  constructor(o: AdafactorOptions = {}) {
    super(o, own, { name: 'adafactor', learningRate: 0.001 });
    this.beta2Decay = o.beta2Decay ?? -0.8;
    this.epsilon1 = this.least('epsilon1', o.epsilon1 ?? 1e-30);
    this.epsilon2 = this.least('epsilon2', o.epsilon2 ?? 1e-3);
    this.clipThreshold = o.clipThreshold ?? 1;
    if (!(this.clipThreshold > 0)) throw this.bad('clipThreshold', this.clipThreshold, 'above 0');
    this.relativeStep = o.relativeStep ?? true;
  }
  override getConfig(): Record<string, unknown> {
    const { beta2Decay, epsilon1, epsilon2, clipThreshold, relativeStep } = this;
    const config = { beta2Decay, epsilon1, epsilon2, clipThreshold, relativeStep };
    return { ...super.getConfig(), ...config };
  }
  protected override buildSlots(weights: readonly Variable[]): void {
    for (const w of weights) {
      const { name, shape, dtype } = w;
      const matrix = shape.length >= 2;
      // Vectors have rows and columns in name only, so that files have what Keras expects.
      const kept = (s: readonly number[]): Variable =>
        this.addVariable(matrix ? { name, shape: s, dtype } : { name, dtype: 'int32' });
      this.#rows.push(kept(shape.slice(0, -1)));
      this.#columns.push(kept([...shape.slice(0, -2), ...shape.slice(-1)]));
      this.#velocities.push(...this.slots([w], 'velocity'));
    }
  }
  protected override updateStep(g: Tensor, w: Variable, rate: Tensor, i: number): void {
    const t = this.count(w);
    // min(rate, 1 / sqrt(t)) is taken twice in Keras where the step is relative, which is once.
    const least = rate.minimum(t.rsqrt());
    const scale = rms(w.tensor).maximum(this.epsilon2).mul(least);
    const squares = g.square().add(this.epsilon1);
    const fade = t.pow(this.beta2Decay);
    const keep = fade.mul(-1).add(1);
    const average = (a: Variable, x: Tensor): void => {
      a.assign(a.tensor.mul(keep).add(x.mul(fade)));
    };
    const v = this.#velocities[i];
    if (w.shape.length >= 2) {
      const [r, c] = [this.#rows[i], this.#columns[i]];
      average(r, squares.mean(-1));
      average(c, squares.mean(-2));
      const share = r.tensor.div(r.tensor.mean(-1, { keepdims: true }));
      v.assign(share.expandDims(-1).mul(c.tensor.expandDims(-2)));
    } else average(v, squares);
    const u = g.div(v.tensor.sqrt());
    const clipped = u.div(rms(u).div(this.clipThreshold).maximum(1));
    w.assign(w.tensor.sub(clipped.mul(scale)));
  }
}

/** Root of the mean of squares. */
function rms(x: Tensor): Tensor {
  return x.square().mean().sqrt();
}

export const adafactor = (o: AdafactorOptions = {}): Adafactor => new Adafactor(o);
