/** Shows each epoch's progress and figures on the terminal. */
import { Progbar } from '../utils/progbar.ts';
import { type Output, standardOutput } from '../utils/terminal.ts';
import { Callback } from './callback.ts';

/**
 * Fed by the training loop itself (`progress`), which alone knows when figures are at hand: reading
 * them at every step would cost more than the step.
 */
export class ProgbarLogger extends Callback {
  readonly #out: Output;
  #bar: Progbar | undefined;
  constructor(output: Output = standardOutput()) {
    super();
    this.#out = output;
  }
  override onEpochBegin(epoch: number): void {
    const { epochs, steps, verbose } = this.params;
    if (verbose > 0 && epochs > 1) this.#out.write(`Epoch ${epoch + 1}/${epochs}\n`);
    this.begin(steps, verbose);
  }
  /** A new bar: an epoch's, or that of evaluate or predict. */
  begin(steps: number | null, verbose: 0 | 1 | 2): void {
    this.#bar = new Progbar(steps, { verbose, statelessMetrics: [], output: this.#out });
  }
  /** Whether redrawing between steps would be seen. */
  get live(): boolean {
    return this.#bar?.live ?? false;
  }
  firstStepDone(): void {
    this.#bar?.firstStepDone();
  }
  progress(step: number, figures: readonly (readonly [string, number])[], done = false): void {
    if (this.#bar && done && this.#bar.target === null) this.#bar.target = step;
    this.#bar?.update(step, figures, done);
  }
}
