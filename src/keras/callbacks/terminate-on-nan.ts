/** TerminateOnNaN. */
import { Callback, type Logs } from './callback.ts';

/**
 * Stops training when the loss is NaN or infinite. The loss is looked at when the progress bar would
 * be drawn and at the end of every epoch: reading it at every batch would cost more than the batch.
 */
export class TerminateOnNaN extends Callback {
  watch(batch: number, logs: Logs): void {
    if (this.model.stopTraining) return;
    if (logs.loss !== undefined && !Number.isFinite(logs.loss)) {
      console.warn(`Batch ${batch}: Invalid loss, terminating training`);
      this.model.stopTraining = true;
    }
  }
}

export const terminateOnNaN = (): TerminateOnNaN => new TerminateOnNaN();
