/** Numbers in another range: 0..255 to 0..1, say. */
import { GradloomError } from '../../../../errors.ts';
import { type Tensor, tensor } from '../../../../tensor/index.ts';
import { imageDataFormat } from '../../../config.ts';
import { checkOptions } from '../../../identifiers.ts';
import { baseOptions, Layer, type LayerOptions } from '../../layer.ts';
import { optionsOf } from '../../spatial.ts';

export interface RescalingOptions extends LayerOptions {
  /** A number, or one a channel. */
  readonly scale?: number | readonly number[];
  /** 0; a number, or one a channel. */
  readonly offset?: number | readonly number[];
}

/** x * scale + offset, in training and inference alike. Integers become floats. */
export class Rescaling extends Layer {
  protected override readonly autocast: boolean = false;
  override readonly supportsMasking: boolean = true;
  readonly scale: number | readonly number[];
  readonly offset: number | readonly number[];

  constructor(o: RescalingOptions) {
    super(o);
    checkOptions(`Rescaling "${this.name}"`, o, [...baseOptions, 'scale', 'offset']);
    this.scale = this.#numbers('scale', o.scale);
    this.offset = this.#numbers('offset', o.offset ?? 0);
  }
  #numbers(option: string, given: unknown): number | readonly number[] {
    const list = Array.isArray(given) ? given : [given];
    if (list.length > 0 && list.every((v) => typeof v === 'number'))
      return Array.isArray(given) ? [...given] : (given as number);
    throw new GradloomError(
      'layer-option',
      `Rescaling "${this.name}": ${option} must be a number, or a list with one for each channel; received ${JSON.stringify(given)}.`,
      { layer: this.name, option, received: given },
    );
  }
  call(x: Tensor): Tensor {
    const channelsFirst = imageDataFormat() === 'channelsFirst';
    const operand = (v: number | readonly number[]): Tensor | number => {
      if (typeof v === 'number') return v;
      const t = tensor(v, { dtype: this.dtype });
      return channelsFirst ? t.reshape([v.length, 1, 1]) : t;
    };
    return x.astype(this.dtype).mul(operand(this.scale)).add(operand(this.offset));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset };
  }
}

export const rescaling = (
  scale: number | readonly number[] | RescalingOptions,
  o: RescalingOptions = {},
): Rescaling => new Rescaling(optionsOf('scale', scale, o));
