/** A penalty on what passes through. */
import type { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { l1L2 } from '../../regularizers/index.ts';
import { baseOptions, Layer, type LayerOptions } from '../layer.ts';
import { optionsOf } from '../spatial.ts';

export interface ActivityRegularizationOptions extends LayerOptions {
  /** Strength of the sum of absolute values: 0. */
  readonly l1?: number;
  /** Strength of the sum of squares: 0. */
  readonly l2?: number;
}

/** Gives what it is given, and adds (l1 sum|x| + l2 sum x²) / batch to the loss. */
export class ActivityRegularization extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly l1: number;
  readonly l2: number;

  constructor(o: ActivityRegularizationOptions = {}) {
    const { l1 = 0, l2 = 0 } = o;
    super({ ...o, activityRegularizer: l1L2({ l1, l2 }) });
    const own = baseOptions.filter((b) => b !== 'activityRegularizer');
    checkOptions(`ActivityRegularization "${this.name}"`, o, [...own, 'l1', 'l2']);
    this.l1 = l1;
    this.l2 = l2;
  }
  call(x: Tensor): Tensor {
    return x;
  }
  override getConfig(): Record<string, unknown> {
    const { activityRegularizer: _, ...config } = super.getConfig();
    return { ...config, l1: this.l1, l2: this.l2 };
  }
}

/** `activityRegularization({ l1: 0.01 })`, `activityRegularization(0.01)`. */
export const activityRegularization = (
  l1?: number | ActivityRegularizationOptions,
  o: ActivityRegularizationOptions = {},
): ActivityRegularization => new ActivityRegularization(optionsOf('l1', l1, o));
