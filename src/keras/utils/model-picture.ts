/** What a drawing of a model shows: boxes of layers, arrows between them, frames around inner models. */
import { showShape } from '../../shape.ts';
import { activationName } from '../activations/index.ts';
import type { KerasTensor } from '../functional/keras-tensor.ts';
import type { Operation } from '../functional/node.ts';
import { Layer } from '../layers/layer.ts';
import { Network } from '../models/network.ts';
import { Sequential } from '../models/sequential.ts';
import { flatten, isShape } from '../tree.ts';

export interface PictureOptions {
  readonly showShapes?: boolean;
  readonly showDtype?: boolean;
  readonly showLayerNames?: boolean;
  readonly showLayerActivations?: boolean;
  readonly showTrainable?: boolean;
  /** Whether models inside are drawn layer by layer, in a frame. */
  readonly expandNested?: boolean;
}

/** Layers of a kind have a colour. */
export type LayerKind =
  | 'input'
  | 'weights'
  | 'convolution'
  | 'sequence'
  | 'normalization'
  | 'shape'
  | 'arithmetic'
  | 'model'
  | 'other';

export interface LayerBox {
  readonly id: string;
  readonly kind: LayerKind;
  readonly title: string;
  /** [label, value] */
  readonly rows: readonly (readonly [string, string])[];
  /** The frame it is in. */
  readonly parent: string | undefined;
}
export interface Frame {
  readonly id: string;
  readonly title: string;
  readonly parent: string | undefined;
}
export interface ModelPicture {
  readonly title: string;
  readonly boxes: LayerBox[];
  readonly arrows: { readonly from: string; readonly to: string }[];
  readonly frames: Frame[];
}

const kinds: readonly (readonly [RegExp, LayerKind])[] = [
  [/^InputLayer$/, 'input'],
  [/^(Functional|Sequential|Model)$/, 'model'],
  [/Conv|Pool/, 'convolution'],
  [/LSTM|GRU|RNN|Bidirectional|TimeDistributed|Attention|Embedding|Masking/, 'sequence'],
  [/Normalization|Dropout|Noise|Regularization/, 'normalization'],
  [
    /Flatten|Reshape|Permute|Repeat|Cropping|Padding|UpSampling|Resizing|Crop|GetItem|Squeeze|ExpandDims|Transpose|Cast|Rescaling/,
    'shape',
  ],
  [/Dense/, 'weights'],
  [
    /^(Add|Subtract|Multiply|TrueDivide|Average|Maximum|Minimum|Concatenate|Dot|Matmul|Power|Sum|Mean|Max|Min|Negative|Absolute)$/,
    'arithmetic',
  ],
];

function kindOf(o: Operation): LayerKind {
  if (o instanceof Network) return 'model';
  return kinds.find(([pattern]) => pattern.test(o.className))?.[1] ?? 'other';
}

/** The picture of a built model. */
export function pictureOf(model: Network, o: PictureOptions): ModelPicture {
  const picture: ModelPicture = { title: model.name, boxes: [], arrows: [], frames: [] };
  new Painter(picture, o).inside(model, undefined);
  return picture;
}

class Painter {
  readonly #picture: ModelPicture;
  readonly #options: PictureOptions;
  readonly #ids = new Map<Operation, string>();

  constructor(picture: ModelPicture, o: PictureOptions) {
    this.#picture = picture;
    this.#options = o;
  }

  /** The layers of a model, in a frame or none. */
  inside(model: Network, parent: string | undefined): void {
    if (model.graph) this.#graph(model, parent);
    else if (model instanceof Sequential) this.#chain(model, parent);
    else for (const l of model.layers) this.#part(l, parent);
  }

  #graph(model: Network, parent: string | undefined): void {
    const graph = model.graph!;
    for (const op of graph.operations) this.#part(op, parent);
    for (const node of graph.map.nodes) {
      const given = node.inputTensors;
      given.forEach((t, i) => {
        const to = this.#expanded(node.operation) ? this.#enter(node.operation, i) : node.operation;
        this.#arrow(this.#leave(t), to);
      });
    }
  }

  #chain(model: Network, parent: string | undefined): void {
    model.layers.forEach((l, i) => {
      this.#part(l, parent);
      if (i === 0) return;
      const below = model.layers[i - 1];
      const from = this.#expanded(below) ? this.#end(below, 0) : below;
      this.#arrow(from, this.#expanded(l) ? this.#enter(l, 0) : l);
    });
  }

  #part(op: Operation, parent: string | undefined): void {
    const id = `part${this.#ids.size}`;
    this.#ids.set(op, id);
    if (!this.#expanded(op)) {
      this.#picture.boxes.push({
        id,
        kind: kindOf(op),
        title: this.#options.showLayerNames ? `${op.name} (${op.className})` : op.className,
        rows: this.#rows(op),
        parent,
      });
      return;
    }
    this.#picture.frames.push({ id, title: op.name, parent });
    this.inside(op as Network, id);
  }

  /** Whether an operation is drawn as a frame with what is in it. */
  #expanded(op: Operation): op is Network {
    if (!this.#options.expandNested || !(op instanceof Network)) return false;
    return op.layers.length > 0;
  }

  /** The part of a model that its i-th input goes to. */
  #enter(model: Operation, i: number): Operation {
    if (!this.#expanded(model)) return model;
    if (model.graph)
      return model.graph.inputs[Math.min(i, model.graph.inputs.length - 1)].node.operation;
    return this.#enter(model.layers[0], i);
  }
  /** The part of a model that its i-th output comes from. */
  #end(model: Operation, i: number): Operation {
    if (!this.#expanded(model)) return model;
    if (model.graph) return this.#leave(model.graph.outputs[i]);
    return this.#end(model.layers[model.layers.length - 1], i);
  }
  #leave(t: KerasTensor): Operation {
    return this.#end(t.node.operation, t.index);
  }

  #arrow(from: Operation, to: Operation): void {
    const [a, b] = [this.#ids.get(from), this.#ids.get(to)];
    if (a === undefined || b === undefined) return;
    const { arrows } = this.#picture;
    if (!arrows.some((x) => x.from === a && x.to === b)) arrows.push({ from: a, to: b });
  }

  #rows(op: Operation): [string, string][] {
    const o = this.#options;
    const rows: [string, string][] = [];
    const layer = op instanceof Layer ? op : undefined;
    const activation = (op as { activation?: unknown }).activation;
    if (o.showLayerActivations && typeof activation === 'function')
      rows.push(['Activation', activationName(activation as never) ?? activation.name]);
    if (o.showShapes) {
      const node = op.inboundNodes[0];
      if (node && !node.isInput) rows.push(['Input shape', shapes(node.inputTensors)]);
      rows.push(['Output shape', node ? shapes(node.outputs) : known(layer)]);
    }
    if (o.showDtype) {
      const node = op.inboundNodes[0];
      const dtypes = new Set(node ? node.outputs.map((t) => t.dtype) : layer ? [layer.dtype] : []);
      rows.push(['Output dtype', [...dtypes].join(', ')]);
    }
    if (o.showTrainable && layer) rows.push(['Trainable', layer.trainable ? 'yes' : 'no']);
    return rows;
  }
}

function shapes(tensors: readonly KerasTensor[]): string {
  return tensors.map((t) => showShape(t.shape)).join(', ');
}

function known(layer: Layer | undefined): string {
  const shape = layer?.outputShape;
  if (!shape) return '?';
  return isShape(shape)
    ? showShape(shape)
    : flatten<readonly (number | null)[]>(shape as never, isShape)
        .map((s) => showShape(s))
        .join(', ');
}
