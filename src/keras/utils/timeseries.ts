/** Windows over a series, as a dataset to train on. */
import { Dataset } from '../../data/index.ts';
import { makeArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { sizeOf } from '../../shape.ts';
import { asTensor, fromData, type Tensor, type TensorLike } from '../../tensor/index.ts';
import { checkOptions } from '../identifiers.ts';

export interface TimeseriesOptions {
  /** Steps between the starts of two windows: 1. */
  readonly sequenceStride?: number;
  /** Steps between two entries of a window: 1. */
  readonly samplingRate?: number;
  /** Windows in a batch: 128. null: single windows. */
  readonly batchSize?: number | null;
  /** Windows in a new random order every epoch: false. */
  readonly shuffle?: boolean;
  readonly seed?: number | null;
  /** The part of the data that is used: from here (0) … */
  readonly startIndex?: number | null;
  /** … to here, which is not used itself: its end. */
  readonly endIndex?: number | null;
}

const optionNames = [
  'sequenceStride',
  'samplingRate',
  'batchSize',
  'shuffle',
  'seed',
  'startIndex',
  'endIndex',
];

function whole(name: string, v: unknown, least: number, below: number): number {
  if (Number.isInteger(v) && (v as number) >= least && (v as number) < below) return v as number;
  throw new GradloomError(
    'range',
    `timeseriesDatasetFromArray: ${name} must be a whole number of ${least} or more${Number.isFinite(below) ? `, lower than the data's length ${below}` : ''}; received ${String(v)}.`,
    { [name]: v },
  );
}

/** What of the data is used, and where the windows begin in it. */
function plan(
  length: number,
  targets: number,
  sequenceLength: number,
  o: TimeseriesOptions,
): { start: number; rate: number; positions: Int32Array } {
  const steps = whole('sequenceLength', sequenceLength, 1, Number.POSITIVE_INFINITY);
  const stride = whole('sequenceStride', o.sequenceStride ?? 1, 1, length);
  const rate = whole('samplingRate', o.samplingRate ?? 1, 1, length);
  const start = o.startIndex == null ? 0 : whole('startIndex', o.startIndex, 0, length);
  const end = o.endIndex == null ? length : whole('endIndex', o.endIndex, 1, length);
  if (end <= start)
    throw new GradloomError(
      'range',
      `timeseriesDatasetFromArray: endIndex must be higher than startIndex; received ${start} and ${end}.`,
      { startIndex: start, endIndex: end },
    );
  const windows = Math.min(end - start - (steps - 1) * rate, targets);
  if (windows <= 0)
    throw new GradloomError(
      'data',
      `timeseriesDatasetFromArray: windows of ${steps} steps at a rate of ${rate} span ${(steps - 1) * rate + 1}, more than the ${end - start} that there are.`,
      { sequenceLength: steps, samplingRate: rate, length: end - start },
    );
  const positions = Int32Array.from({ length: Math.ceil(windows / stride) }, (_, i) => i * stride);
  return { start, rate, positions };
}

/**
 * Windows of `sequenceLength` steps over `data` (steps, …), each with the entry of `targets` of the
 * same number as its first step: for a forecast, hand over targets that lie as far ahead. Batches
 * [windows (batch, sequenceLength, …), targets (batch, …)], or windows alone without targets.
 * Throws `range`, `data`.
 */
export function timeseriesDatasetFromArray(
  data: TensorLike,
  targets: TensorLike,
  sequenceLength: number,
  o?: TimeseriesOptions,
): Dataset<[Tensor, Tensor]>;
export function timeseriesDatasetFromArray(
  data: TensorLike,
  targets: null,
  sequenceLength: number,
  o?: TimeseriesOptions,
): Dataset<Tensor>;
export function timeseriesDatasetFromArray(
  data: TensorLike,
  targets: TensorLike | null,
  sequenceLength: number,
  o: TimeseriesOptions = {},
): Dataset<[Tensor, Tensor]> | Dataset<Tensor> {
  checkOptions('timeseriesDatasetFromArray', o, optionNames);
  const x = asTensor(data);
  const y = targets === null ? null : asTensor(targets);
  if (x.ndim === 0 || y?.ndim === 0)
    throw new GradloomError(
      'data',
      'timeseriesDatasetFromArray: a series has steps; received a scalar.',
    );
  const many = y ? y.shape[0] : Number.POSITIVE_INFINITY;
  const { start, rate, positions } = plan(x.shape[0], many, sequenceLength, o);
  const steps = Array.from({ length: sequenceLength }, (_, k) => k * rate);
  const windows = (at: ArrayLike<number>): Promise<Tensor> =>
    rows(
      x,
      Array.from(at).flatMap((p) => steps.map((s) => start + p + s)),
      [at.length, sequenceLength],
    );
  let starts: Dataset<Tensor> = Dataset.fromTensorSlices(positions);
  if (o.shuffle) {
    const seed = o.seed == null ? {} : { seed: o.seed };
    starts = starts.shuffle(positions.length, seed);
  }
  const { batchSize = 128 } = o;
  const single = batchSize === null;
  const batches: Dataset<Tensor> = single ? starts : starts.batch(batchSize);
  const make = async (at: Tensor): Promise<Tensor | [Tensor, Tensor]> => {
    const p = await at.data();
    const flat = (t: Tensor): Tensor => (single ? t.squeeze(0).realize() : t);
    const w = flat(await windows(p));
    return y
      ? [
          w,
          flat(
            await rows(
              y,
              Array.from(p, (v) => start + v),
              [p.length],
            ),
          ),
        ]
      : w;
  };
  return batches.map(make).prefetch(1) as Dataset<[Tensor, Tensor]> | Dataset<Tensor>;
}

/** Rows of `t` at `indices`, laid out in `lead`. */
async function rows(
  t: Tensor,
  indices: readonly number[],
  lead: readonly number[],
): Promise<Tensor> {
  const data = await t.data();
  const shape = t.shape.slice(1);
  const size = sizeOf(shape);
  const out = makeArray(t.dtype, indices.length * size);
  indices.forEach((r, i) => {
    out.set(data.subarray(r * size, r * size + size) as never, i * size);
  });
  return fromData(out, [...lead, ...shape], t.dtype);
}
