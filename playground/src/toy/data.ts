/** Points in the plane, in two classes that no line divides. */
import { uniform } from '../model/random.ts';

export const datasets = ['circles', 'spiral', 'moons', 'xor'] as const;
export type DatasetName = (typeof datasets)[number];

export interface Points {
  /** x and y in turn; most lie in -1..1. */
  readonly places: Float32Array;
  /** 0 or 1. */
  readonly classes: Float32Array;
}

export interface DataOptions {
  readonly name: DatasetName;
  /** 0..0.5: deviation of the scatter, in units of the plane. */
  readonly noise: number;
  /** Points of each of the two sets. */
  readonly count: number;
  readonly seed: number;
}

/** Normal numbers from uniform ones (Box and Muller). */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** The place of a point without noise; `u` in 0..1 says how far along the figure it lies. */
const figures: Readonly<
  Record<DatasetName, (kind: number, u: number, random: () => number) => [number, number]>
> = {
  circles: (kind, u) => {
    const radius = kind === 0 ? 0.85 : 0.4;
    return [radius * Math.cos(2 * Math.PI * u), radius * Math.sin(2 * Math.PI * u)];
  },
  spiral: (kind, u) => {
    const radius = 0.08 + 0.87 * u;
    const angle = 1.6 * 2 * Math.PI * u + kind * Math.PI;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  moons: (kind, u) => {
    const angle = Math.PI * u;
    return kind === 0
      ? [0.6 * Math.cos(angle) - 0.3, 0.7 * Math.sin(angle) - 0.2]
      : [0.3 - 0.6 * Math.cos(angle), 0.2 - 0.7 * Math.sin(angle)];
  },
  xor: (kind, _, random) => {
    const right = random() < 0.5;
    const x = 0.1 + 0.85 * random();
    const y = 0.1 + 0.85 * random();
    return [right ? x : -x, (right ? 1 : -1) * (kind === 0 ? y : -y)];
  },
};

function makePoints({ name, noise, count }: DataOptions, random: () => number): Points {
  const places = new Float32Array(count * 2);
  const classes = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const kind = i % 2;
    const [x, y] = figures[name](kind, random(), random);
    places[i * 2] = x + noise * normal(random);
    places[i * 2 + 1] = y + noise * normal(random);
    classes[i] = kind;
  }
  return { places, classes };
}

/** One set to train on and one to test with, of the same kind. */
export function makeData(o: DataOptions): { readonly train: Points; readonly test: Points } {
  const random = uniform(o.seed);
  const train = makePoints(o, random);
  return { train, test: makePoints({ ...o, count: Math.max(o.count, 200) }, random) };
}
