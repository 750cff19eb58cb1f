/** Muon (Jordan et al., 2024; scaled as in Liu et al., 2025): steps whose matrices are nearly orthogonal. */
import type { Tensor } from '../../tensor/index.ts';
import type { Variable } from '../variable.ts';
import { moved, norm, power } from './formulas.ts';
import { Optimizer } from './optimizer.ts';
import type { OptimizerOptions } from './options.ts';

export interface MuonOptions extends OptimizerOptions {
  /** Of the weights that Adam updates. Defaults 0.9, 0.999, in [0, 1). */
  readonly adamBeta1?: number;
  readonly adamBeta2?: number;
  /** Decay of the weights that Adam updates; `weightDecay` is that of the others. Both 0.004. */
  readonly adamWeightDecay?: number | null;
  /** Adam's. Default 1e-7. */
  readonly epsilon?: number;
  /** Weights in whose paths one of these is found (as a regular expression) are left to Adam. */
  readonly excludeLayers?: readonly string[] | null;
  /** Leaves embeddings to Adam, by their paths. Default true. */
  readonly excludeEmbeddings?: boolean;
  /** Coefficients of the iteration: 3.4445, -4.775, 2.0315. */
  readonly muonA?: number;
  readonly muonB?: number;
  readonly muonC?: number;
  /** Adam's learning rate as a share of the learning rate. Default 1. */
  readonly adamLrRatio?: number;
  /** Default 0.95. */
  readonly momentum?: number;
  /** Steps of the Newton-Schulz iteration. Default 5. */
  readonly nsSteps?: number;
  /** Default true. */
  readonly nesterov?: boolean;
  /** Scales steps to the size of Adam's; null for none. Default 0.2. */
  readonly rmsRate?: number | null;
}

const defaults = {
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  epsilon: 1e-7,
  excludeLayers: [] as readonly string[],
  muonA: 3.4445,
  muonB: -4.775,
  muonC: 2.0315,
  adamLrRatio: 1,
  momentum: 0.95,
  nsSteps: 5,
  nesterov: true,
  excludeEmbeddings: true,
  adamWeightDecay: 0.004 as number | null,
  rmsRate: 0.2 as number | null,
};

/**
 * Matrices: m = momentum*m + g; w -= rate * rmsRate * sqrt(max(rows, columns)) * orthogonal(g +
 * momentum*m), without nesterov of m alone. All other weights: Adam, with a decay of its own. Give
 * the last layer's name to `excludeLayers`.
 */
export class Muon extends Optimizer {
  readonly own: Readonly<typeof defaults>;
  #momentums: Variable[] = [];
  /** Of those weights only that Adam updates. */
  #velocities: (Variable | undefined)[] = [];
  readonly #patterns: readonly RegExp[];
  constructor(o: MuonOptions = {}) {
    const keys = Object.keys(defaults);
    super(o, keys, { name: 'muon', learningRate: 0.001, weightDecay: 0.004 });
    const given = Object.entries(o).filter(([k, v]) => keys.includes(k) && v !== undefined);
    const own = { ...defaults, ...Object.fromEntries(given) };
    this.own = { ...own, excludeLayers: own.excludeLayers ?? [] };
    this.share('adamBeta1', own.adamBeta1);
    this.share('adamBeta2', own.adamBeta2);
    if (!(Number.isInteger(own.nsSteps) && own.nsSteps >= 0))
      throw this.bad('nsSteps', own.nsSteps, 'a whole number of 0 or more');
    if (!Array.isArray(this.own.excludeLayers))
      throw this.bad('excludeLayers', this.own.excludeLayers, 'a list of strings');
    this.#patterns = this.own.excludeLayers.map((k) => new RegExp(k));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.own, excludeLayers: [...this.own.excludeLayers] };
  }
  #adams(w: Variable): boolean {
    if (w.shape.length !== 2) return true;
    if (this.own.excludeEmbeddings && w.path.toLowerCase().includes('embedding')) return true;
    return this.#patterns.some((p) => p.test(w.path));
  }
  protected override decayOf(w: Variable): number | null {
    return this.#adams(w) ? this.own.adamWeightDecay : this.settings.weightDecay;
  }
  protected override buildSlots(weights: readonly Variable[]): void {
    for (const w of weights) {
      this.#momentums.push(...this.slots([w], 'momentum'));
      this.#velocities.push(this.#adams(w) ? this.slots([w], 'velocity')[0] : undefined);
    }
  }
  protected override updateStep(g: Tensor, w: Variable, rate: Tensor, i: number): void {
    const m = this.#momentums[i];
    const v = this.#velocities[i];
    if (v) this.#adam(g, w, rate.mul(this.own.adamLrRatio), m, v);
    else this.#muon(g, w, rate, m);
  }
  #muon(g: Tensor, w: Variable, rate: Tensor, m: Variable): void {
    const { momentum, nesterov, rmsRate } = this.own;
    m.assign(m.tensor.add(g.add(m.tensor.mul(momentum - 1))));
    const step = this.#orthogonal(nesterov ? g.add(m.tensor.mul(momentum)) : m.tensor);
    const size = rmsRate === null ? 1 : Math.sqrt(Math.max(...w.shape)) * rmsRate;
    w.assign(w.tensor.sub(step.mul(rate).mul(size)));
  }
  #adam(g: Tensor, w: Variable, rate: Tensor, m: Variable, v: Variable): void {
    const { adamBeta1, adamBeta2, epsilon } = this.own;
    const t = this.count(w);
    const rest = (beta: number): Tensor => power(beta, t).mul(-1).add(1);
    const alpha = rate.mul(rest(adamBeta2).sqrt()).div(rest(adamBeta1));
    m.assign(moved(m.tensor, g, 1 - adamBeta1));
    v.assign(moved(v.tensor, g.square(), 1 - adamBeta2));
    w.assign(w.tensor.sub(m.tensor.mul(alpha).div(v.tensor.sqrt().add(epsilon))));
  }
  /** Brings the singular values near to 1, by a Newton-Schulz iteration of degree five. */
  #orthogonal(g: Tensor): Tensor {
    const { muonA, muonB, muonC, nsSteps } = this.own;
    const tall = g.shape[0] > g.shape[1];
    let x = tall ? g.transpose() : g;
    x = x.div(norm([x]).add(1e-7));
    for (let k = 0; k < nsSteps; k++) {
      const a = x.matmul(x.transpose());
      const b = a.mul(muonB).add(a.mul(muonC).matmul(a));
      x = x.mul(muonA).add(b.matmul(x));
    }
    return tall ? x.transpose() : x;
  }
}

export const muon = (o: MuonOptions = {}): Muon => new Muon(o);
