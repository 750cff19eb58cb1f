/** `weightsManifest` of a TensorFlow.js model.json: everything that can be wrong is found before a shard is read. */
import { GradloomError } from '../errors.ts';
import { fields } from './json.ts';
import { safe } from './zip.ts';

export interface TfjsQuantization {
  readonly dtype: 'uint8' | 'uint16' | 'float16';
  /** An element is `q * scale + min`; 1 and 0 for float16. */
  readonly scale: number;
  readonly min: number;
}

export interface TfjsWeight {
  readonly name: string;
  readonly shape: readonly number[];
  /** What the elements are when they are used: `float32`, `int32`, `bool`, ... */
  readonly dtype: string;
  readonly quantization?: TfjsQuantization;
  /** What an optimizer remembers, which lies among the weights. */
  readonly ofOptimizer: boolean;
  /** Elements. */
  readonly count: number;
  /** Bytes in the shards. */
  readonly bytes: number;
}

export interface TfjsGroup {
  /** Files beside model.json. */
  readonly paths: readonly string[];
  readonly weights: readonly TfjsWeight[];
  /** Of all shards together. */
  readonly bytes: number;
}

const widths: Readonly<Record<string, number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  uint8: 1,
  complex64: 8,
};
const quantized: Readonly<Record<string, number>> = { uint8: 1, uint16: 2, float16: 2 };
const limits = { rank: 32, weights: 100_000, shards: 10_000 } as const;

type Wrong = (message: string, facts?: Record<string, unknown>) => GradloomError;
const isSize = (v: unknown): v is number => Number.isSafeInteger(v) && (v as number) >= 0;

/** The groups of a manifest, checked. Throws `tfjs`. */
export function readTfjsManifest(manifest: unknown, name = 'The TF.js model'): TfjsGroup[] {
  const wrong: Wrong = (message, facts = {}) =>
    new GradloomError('tfjs', `${name} ${message}`, { name, ...facts });
  if (!Array.isArray(manifest)) throw wrong('has no list weightsManifest.');
  const names = new Set<string>();
  const paths = new Set<string>();
  return manifest.map((item) => {
    const group = fields(item);
    if (!Array.isArray(group.paths) || !Array.isArray(group.weights))
      throw wrong('has a group of weights without lists paths and weights.');
    for (const path of group.paths) {
      checkPath(path, wrong);
      if (paths.has(path)) throw wrong(`names the shard ${JSON.stringify(path)} twice.`, { path });
      paths.add(path);
      if (paths.size > limits.shards) throw wrong(`names more than ${limits.shards} shards.`);
    }
    const weights = group.weights.map((w) => {
      const weight = weightOf(w, wrong);
      if (names.has(weight.name))
        throw wrong(`names ${JSON.stringify(weight.name)} twice.`, { weight: weight.name });
      names.add(weight.name);
      if (names.size > limits.weights) throw wrong(`names more than ${limits.weights} weights.`);
      return weight;
    });
    const bytes = weights.reduce((a, w) => a + w.bytes, 0);
    if (!isSize(bytes)) throw wrong('declares more bytes than can be counted.');
    return { paths: group.paths as string[], weights, bytes };
  });
}

/** A file in the folder of model.json, whether that is a path or an address. */
function checkPath(path: unknown, wrong: Wrong): asserts path is string {
  if (typeof path !== 'string' || !safe(path) || /[\\:?#%]/.test(path) || path.length > 1000)
    throw wrong(
      `names the shard ${JSON.stringify(path)?.slice(0, 120)}, which is no path within its folder.`,
      { path },
    );
}

function weightOf(value: unknown, wrong: Wrong): TfjsWeight {
  const { name, shape, dtype, quantization, group } = fields(value);
  if (typeof name !== 'string' || !Array.isArray(shape) || typeof dtype !== 'string')
    throw wrong('describes a weight in a way that cannot be read: it needs name, shape and dtype.');
  const label = JSON.stringify(name.slice(0, 200));
  if (!shape.every(isSize) || shape.length > limits.rank)
    throw wrong(`gives ${label} a shape that cannot be: ${JSON.stringify(shape).slice(0, 120)}.`, {
      weight: name,
    });
  const count = shape.reduce((a: number, b: number) => a * b, 1);
  const q =
    quantization === undefined || quantization === null
      ? undefined
      : quantizationOf(quantization, dtype, label, wrong);
  const known = Object.hasOwn(widths, dtype) ? widths[dtype] : undefined;
  const width = q ? quantized[q.dtype] : known;
  if (known === undefined || width === undefined)
    throw wrong(
      `gives ${label} the type ${JSON.stringify(dtype.slice(0, 40))}, which cannot be read. Types that can: float32, int32, bool, uint8.`,
      { weight: name, dtype },
    );
  if (!isSize(count * width))
    throw wrong(`gives ${label} of shape (${shape.join(', ')}) more bytes than can be counted.`, {
      weight: name,
    });
  const ofOptimizer = group === 'optimizer';
  return { name, shape, dtype, quantization: q, ofOptimizer, count, bytes: count * width };
}

function quantizationOf(
  value: unknown,
  dtype: string,
  label: string,
  wrong: Wrong,
): TfjsQuantization {
  const { dtype: kind, scale, min } = fields(value);
  if (typeof kind !== 'string' || !Object.hasOwn(quantized, kind))
    throw wrong(
      `packs ${label} as ${JSON.stringify(kind)?.slice(0, 40)}; uint8, uint16 and float16 can be read.`,
    );
  if (dtype !== 'float32' && (dtype !== 'int32' || kind === 'float16'))
    throw wrong(`packs ${label}, of type ${dtype}, as ${kind}, which cannot be.`);
  if (kind === 'float16') return { dtype: kind, scale: 1, min: 0 };
  if (!Number.isFinite(scale) || !Number.isFinite(min))
    throw wrong(`packs ${label} as ${kind} without the numbers scale and min.`);
  return { dtype: kind as 'uint8' | 'uint16', scale: scale as number, min: min as number };
}
