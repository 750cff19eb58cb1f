/** Images turned over, half of the time. */
import { lax } from '../../../../graph/index.ts';
import { Tensor } from '../../../../tensor/index.ts';
import { lookup } from '../../../identifiers.ts';
import { optionsOf } from '../../spatial.ts';
import { RandomImageLayer, type RandomImageOptions } from './image-layer.ts';

export type FlipMode = 'horizontal' | 'vertical' | 'horizontalAndVertical';

export interface RandomFlipOptions extends RandomImageOptions {
  /** 'horizontalAndVertical'; left to right, top to bottom, or both at once. */
  readonly mode?: FlipMode | (string & {});
}

const modes: Readonly<Record<FlipMode, FlipMode>> = {
  horizontal: 'horizontal',
  vertical: 'vertical',
  horizontalAndVertical: 'horizontalAndVertical',
};

/** As in Keras one draw decides: 'horizontalAndVertical' turns an image by 180 degrees, or not. */
export class RandomFlip extends RandomImageLayer {
  protected override readonly movesPixels: boolean = true;
  readonly mode: FlipMode;

  constructor(o: RandomFlipOptions = {}) {
    super(o, ['mode']);
    this.mode = lookup(`mode of ${this.label}:`, o.mode ?? 'horizontalAndVertical', modes);
  }
  protected transform(images: Tensor, training: boolean): Tensor {
    if (!training) return images;
    const height = this.heightAxis(4);
    const axes = { horizontal: [height + 1], vertical: [height] }[this.mode as string];
    const flips = this.draw([images.shape[0]], 0, 1).le(0.5);
    const which = lax.broadcastInDim(flips.value, images.shape, [0]);
    const flipped = lax.reverse(images.value, axes ?? [height, height + 1]);
    return Tensor.of(lax.select(which, flipped, images.value), images, flips);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), mode: this.mode };
  }
}

export const randomFlip = (
  mode?: string | RandomFlipOptions,
  o: RandomFlipOptions = {},
): RandomFlip => new RandomFlip(optionsOf('mode', mode, o));
