/** TerminateOnNaN. */
import { GradloomError } from '../../errors.ts';
import { checkOptions } from '../identifiers.ts';
import { pythonFloat } from '../utils/python-float.ts';
import { Callback, type Logs } from './callback.ts';

export interface TerminateOnNaNOptions {
  /** Rejects `fit` with an error, so that no callback's `onTrainEnd` is called. Default false. */
  readonly raiseError?: boolean;
}

/**
 * Stops training when the loss is NaN or infinite. The loss is looked at when the progress bar would
 * be drawn and at the end of every epoch: reading it at every batch would cost more than the batch.
 */
export class TerminateOnNaN extends Callback {
  readonly raiseError: boolean;

  constructor(o: TerminateOnNaNOptions = {}) {
    super();
    checkOptions('TerminateOnNaN', o, ['raiseError']);
    this.raiseError = o.raiseError ?? false;
  }
  /** Throws `nan` with `raiseError`. */
  watch(batch: number, logs: Logs): void {
    if (this.model.stopTraining) return;
    const { loss } = logs;
    if (loss === undefined || Number.isFinite(loss)) return;
    if (this.raiseError)
      throw new GradloomError(
        'nan',
        `NaN or Inf loss encountered at batch ${batch}. Loss value: ${pythonFloat(loss)}. Terminating training immediately.`,
        { batch, loss },
      );
    console.warn(`Batch ${batch}: Invalid loss, terminating training`);
    this.model.stopTraining = true;
  }
}

export const terminateOnNaN = (o: TerminateOnNaNOptions = {}): TerminateOnNaN =>
  new TerminateOnNaN(o);
