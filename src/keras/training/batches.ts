/** Where batches come from: see array-feed.ts and source-feed.ts. */
import type { DeviceBuffer } from '../../backends/backend.ts';
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import type { AnyStep } from './steps.ts';

/** Another order of all samples in every epoch, of those of each batch, or none. */
export type Shuffle = boolean | 'batch';

/** A step and what it takes. */
export interface Batch {
  readonly step: AnyStep;
  readonly buffers: readonly DeviceBuffer[];
  /** The tensors behind the buffers. */
  readonly tensors: readonly Tensor[];
  /** Called when the step has run. */
  done?(): void;
}

/**
 * The batches of a run of epochs. When the number of steps of an epoch is given, the next epoch goes
 * on where the last one stopped; else each starts afresh.
 */
export interface Feed {
  /** Batches there are, when that is known. */
  readonly length: number | null;
  begin(): void | Promise<void>;
  /** The next batch, undefined when there is none. `more` says whether another will be wanted. */
  next(more: boolean): Batch | undefined | Promise<Batch | undefined>;
  /**
   * Gives up to `most` more batches that take the same step over the same buffers as the last one, and
   * says how many. Absent where every batch has buffers of its own.
   */
  alike?(most: number): number;
  end(): void;
  close(): void | Promise<void>;
  /** Where it is, between two batches. */
  state(): unknown;
  /**
   * Goes to where another feed of the same data was when it gave this `state`. Resolves with the last
   * batch before that, if an iteration was under way. Throws `backup` where the data are others.
   */
  resume(state: unknown): Promise<Batch | undefined>;
}

export function otherData(method: string, message: string): GradloomError {
  return new GradloomError('backup', `${method}: the backup was made with other data: ${message}`);
}

/** Says once that there was less data than was asked for. */
export class Interruption {
  #said = false;
  readonly #method: string;
  constructor(method: string) {
    this.#method = method;
  }
  warn(): void {
    if (this.#said) return;
    this.#said = true;
    console.warn(
      `${this.#method}: your input ran out of data; interrupting the epoch. Make sure that your data gives at least stepsPerEpoch * epochs batches (Dataset.repeat() makes it endless).`,
    );
  }
}

export interface FeedOptions {
  readonly method: string;
  /** Whether the number of steps of an epoch was given. */
  readonly counted: boolean;
}
