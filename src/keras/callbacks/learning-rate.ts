/** The learning rate, as callbacks read it. */
import type { Optimizer } from '../optimizers/index.ts';

/** The learning rate of the next step: the float32 that it uses, as a double. */
export async function currentLearningRate(optimizer: Optimizer): Promise<number> {
  return (await optimizer.learningRateTensor.data())[0];
}
