/** What a network for digits is made of, as the layer editor writes it and messages carry it. */

export const activations = ['relu', 'tanh', 'sigmoid', 'gelu', 'linear'] as const;
export type ActivationName = (typeof activations)[number];

export type LayerSpec =
  | { readonly kind: 'dense'; readonly units: number; readonly activation: ActivationName }
  | {
      readonly kind: 'conv';
      readonly filters: number;
      /** Height and width of the kernel. */
      readonly size: number;
      readonly activation: ActivationName;
      /** Whether the largest of each 2x2 places is taken. */
      readonly pool: boolean;
    }
  | { readonly kind: 'dropout'; readonly rate: number };

/** Between the image and the ten outputs, which are always there. */
export type NetworkSpec = readonly LayerSpec[];

type Range = readonly [low: number, high: number];

export const limits: {
  readonly layers: number;
  readonly units: Range;
  readonly filters: Range;
  readonly size: Range;
  readonly rate: Range;
} = { layers: 8, units: [1, 512], filters: [1, 64], size: [1, 7], rate: [0, 0.9] };

/** The article's network: one hidden layer. */
export const plainNetwork: NetworkSpec = [
  { kind: 'dense', units: 128, activation: 'relu' },
  { kind: 'dropout', rate: 0.5 },
];

/** A small convolutional one. */
export const convolutionalNetwork: NetworkSpec = [
  { kind: 'conv', filters: 12, size: 3, activation: 'relu', pool: true },
  { kind: 'conv', filters: 24, size: 3, activation: 'relu', pool: true },
  { kind: 'dropout', rate: 0.3 },
];

/** No hidden layer at all: what a single layer can do. */
export const linearNetwork: NetworkSpec = [];

export type PresetName = 'plain' | 'conv' | 'linear';
export const presets: Readonly<Record<PresetName, NetworkSpec>> = {
  plain: plainNetwork,
  conv: convolutionalNetwork,
  linear: linearNetwork,
};

function within(v: unknown, [low, high]: Range, whole: boolean): number | null {
  const n = Number(v);
  if (!Number.isFinite(n)) return null;
  const inside = Math.min(high, Math.max(low, n));
  return whole ? Math.round(inside) : inside;
}

function activation(v: unknown): ActivationName {
  return activations.find((a) => a === v) ?? 'relu';
}

/** The layer with every number brought into its range; null for what is no layer. */
export function cleanLayer(given: unknown): LayerSpec | null {
  if (typeof given !== 'object' || given === null) return null;
  const g = given as Record<string, unknown>;
  switch (g.kind) {
    case 'dense': {
      const units = within(g.units, limits.units, true);
      return units === null ? null : { kind: 'dense', units, activation: activation(g.activation) };
    }
    case 'conv': {
      const filters = within(g.filters, limits.filters, true);
      const size = within(g.size, limits.size, true);
      if (filters === null || size === null) return null;
      const pool = g.pool === true;
      return { kind: 'conv', filters, size, activation: activation(g.activation), pool };
    }
    case 'dropout': {
      const rate = within(g.rate, limits.rate, false);
      return rate === null ? null : { kind: 'dropout', rate };
    }
    default:
      return null;
  }
}

/** Side of the image behind each layer; convolutions keep only places where the kernel fits. */
export function sideAfter(spec: NetworkSpec): number {
  let side = 28;
  for (const l of spec) {
    if (l.kind !== 'conv') continue;
    side -= l.size - 1;
    if (l.pool) side = Math.floor(side / 2);
  }
  return side;
}

/** Why the network cannot be built, as a key of the texts; null when it can. */
export function problemOf(spec: NetworkSpec): 'tooMany' | 'convAfterDense' | 'tooSmall' | null {
  if (spec.length > limits.layers) return 'tooMany';
  const firstDense = spec.findIndex((l) => l.kind === 'dense');
  if (firstDense >= 0 && spec.slice(firstDense).some((l) => l.kind === 'conv'))
    return 'convAfterDense';
  return sideAfter(spec) < 1 ? 'tooSmall' : null;
}

/** The network as kept in the page's storage; the plain one for what is none. */
export function parseSpec(text: string | null): NetworkSpec {
  try {
    const given: unknown = JSON.parse(text ?? '');
    if (!Array.isArray(given)) return plainNetwork;
    const layers = given.map(cleanLayer);
    if (layers.some((l) => l === null)) return plainNetwork;
    const spec = layers as LayerSpec[];
    return problemOf(spec) === null ? spec : plainNetwork;
  } catch {
    return plainNetwork;
  }
}

/** Weights and biases of the whole network. */
export function countWeights(spec: NetworkSpec): number {
  let side = 28;
  let channels = 1;
  let flat: number | null = null;
  let total = 0;
  for (const l of spec) {
    if (l.kind === 'conv') {
      total += l.size * l.size * channels * l.filters + l.filters;
      side -= l.size - 1;
      if (l.pool) side = Math.floor(side / 2);
      channels = l.filters;
    } else if (l.kind === 'dense') {
      total += ((flat ?? side * side * channels) + 1) * l.units;
      flat = l.units;
    }
  }
  return total + ((flat ?? side * side * channels) + 1) * 10;
}
