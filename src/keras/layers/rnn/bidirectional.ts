/** Bidirectional: a recurrent layer and its mirror, over the same sequences. */
import { GradloomError } from '../../../errors.ts';
import { lax } from '../../../graph/index.ts';
import { Tensor } from '../../../tensor/index.ts';
import { checkOptions } from '../../identifiers.ts';
import { isSerialized, type Serialized, serialize } from '../../serialization.ts';
import {
  type ArgumentShapes,
  type BatchShape,
  baseOptions,
  type CallOptions,
  Layer,
  type LayerOptions,
  type Masks,
  type ShapeTree,
  type Tensors,
} from '../layer.ts';
import { deserialize } from '../registry.ts';
import { RNN } from './rnn.ts';

export type MergeMode = 'sum' | 'mul' | 'concat' | 'ave' | null;

export interface BidirectionalOptions extends LayerOptions {
  readonly layer?: Layer | Serialized;
  /** How the two outputs become one: concat; null gives both. */
  readonly mergeMode?: MergeMode | (string & {});
  /** Another layer for the way back; without it a copy of `layer`, going backwards. */
  readonly backwardLayer?: Layer | Serialized;
}

const modes: readonly unknown[] = ['sum', 'mul', 'concat', 'ave', null];

/** initialState at the call is the forward layer's states, then the backward layer's. */
export class Bidirectional extends Layer {
  override readonly supportsMasking: boolean = true;
  readonly forwardLayer: RNN;
  readonly backwardLayer: RNN;
  readonly mergeMode: MergeMode;

  constructor(o: BidirectionalOptions) {
    super(o);
    const what = `Bidirectional "${this.name}"`;
    checkOptions(what, o, [...baseOptions, 'layer', 'mergeMode', 'backwardLayer']);
    const wrong = (message: string): GradloomError =>
      new GradloomError('layer-option', `${what}: ${message}.`, { layer: this.name });
    const mode = o.mergeMode === undefined ? 'concat' : o.mergeMode;
    if (!modes.includes(mode))
      throw wrong(`mergeMode is sum, mul, concat, ave or null; received ${JSON.stringify(mode)}`);
    this.mergeMode = mode as MergeMode;
    const given = isSerialized(o.layer) ? deserialize(o.layer) : o.layer;
    if (!(given instanceof RNN))
      throw wrong('it needs a recurrent layer, for example keras.layers.lstm(32)');
    const copy = (layer: RNN, prefix: string, backwards?: boolean): RNN => {
      const { className, config } = serialize(layer)!;
      const name = `${prefix}${layer.name.replace(new RegExp(`^${prefix}`), '')}`;
      const goBackwards = backwards ?? layer.goBackwards;
      // Outputs of masked steps would count twice otherwise.
      const zeroOutputForMask = layer.returnSequences;
      const changed = { ...config, name, goBackwards, zeroOutputForMask };
      return deserialize({ className, config: changed }) as RNN;
    };
    this.forwardLayer = copy(given, 'forward_');
    const back = isSerialized(o.backwardLayer) ? deserialize(o.backwardLayer) : o.backwardLayer;
    if (back && !(back instanceof RNN)) throw wrong('backwardLayer must be a recurrent layer');
    this.backwardLayer = back ? copy(back, 'backward_') : copy(given, 'backward_', true);
    const [f, b] = [this.forwardLayer, this.backwardLayer];
    if (f.goBackwards === b.goBackwards)
      throw wrong('one of the two layers must go backwards, and the other not');
    for (const key of ['stateful', 'returnSequences', 'returnState'] as const)
      if (f[key] !== b[key])
        throw wrong(`both layers must have the same ${key}; received ${f[key]} and ${b[key]}`);
  }

  override build(s: ShapeTree, shapes?: ArgumentShapes): void {
    this.forwardLayer.ensureBuilt(s, shapes);
    this.backwardLayer.ensureBuilt(s, shapes);
  }

  override computeOutputShape(s: ShapeTree): ShapeTree {
    const parts = (l: Bidirectional['forwardLayer']): readonly BatchShape[] => {
      const shape = l.computeOutputShape(s);
      return (l.returnState ? shape : [shape]) as readonly BatchShape[];
    };
    const [output, ...states] = parts(this.forwardLayer);
    const [backward, ...backwardStates] = parts(this.backwardLayer);
    const last = (shape: BatchShape): number => shape[shape.length - 1] as number;
    const merged =
      this.mergeMode === 'concat'
        ? [...output.slice(0, -1), last(output) + last(backward)]
        : output;
    const outputs = this.mergeMode === null ? [output, backward] : [merged];
    const all = [...outputs, ...states, ...backwardStates];
    return all.length === 1 ? all[0] : all;
  }

  override computeMask(_: Tensors, mask: Masks): Masks {
    const { returnSequences, returnState } = this.forwardLayer;
    const first = Array.isArray(mask) ? (mask[0] as Masks) : mask;
    const output = returnSequences ? first : null;
    if (this.mergeMode === null) return [output, output];
    return returnState ? [output] : output;
  }

  get stateful(): boolean {
    return this.forwardLayer.stateful;
  }
  resetState(): void {
    this.forwardLayer.resetState();
    this.backwardLayer.resetState();
  }
  resetStates(): void {
    this.resetState();
  }

  call(x: Tensor, o: CallOptions): Tensors {
    const { returnSequences, returnState } = this.forwardLayer;
    const given = o.initialState == null ? undefined : ([o.initialState].flat(2) as Tensor[]);
    const half = given && given.length / 2;
    const run = (layer: RNN, states: Tensor[] | undefined): [Tensor, Tensor[]] => {
      const options = {
        training: o.training,
        mask: o.mask,
        ...(states && { initialState: states }),
      };
      const y = layer.invoke(x, options);
      if (!returnState) return [y as Tensor, []];
      const [output, ...rest] = y as Tensor[];
      return [output, rest];
    };
    const [y, statesForward] = run(this.forwardLayer, given?.slice(0, half));
    const [back, statesBack] = run(this.backwardLayer, given?.slice(half));
    // The way back gives its outputs in its own order.
    const z = returnSequences ? Tensor.of(lax.reverse(back.value, [1]), back) : back;
    const outputs = this.#merge(y, z);
    const all = [...outputs, ...statesForward, ...statesBack];
    return all.length === 1 ? all[0] : all;
  }

  #merge(a: Tensor, b: Tensor): Tensor[] {
    switch (this.mergeMode) {
      case 'sum':
        return [a.add(b)];
      case 'ave':
        return [a.add(b).div(2)];
      case 'mul':
        return [a.mul(b)];
      case 'concat':
        return [Tensor.of(lax.concatenate([a.value, b.value], a.ndim - 1), a, b)];
      default:
        return [a, b];
    }
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      layer: serialize(this.forwardLayer),
      backwardLayer: serialize(this.backwardLayer),
      mergeMode: this.mergeMode,
    };
  }
}

export const bidirectional = (
  layer: Layer | BidirectionalOptions,
  o: BidirectionalOptions = {},
): Bidirectional => new Bidirectional(layer instanceof Layer ? { ...o, layer } : layer);
