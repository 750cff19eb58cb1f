/** The learning rate, as callbacks read it. */
import { getBackend } from '../../backends/registry.ts';
import type { Optimizer } from '../optimizers/index.ts';

/** The optimizer's learning rate: the float32 that steps use, as a double. */
export async function currentLearningRate(optimizer: Optimizer): Promise<number> {
  if (getBackend().sync) return optimizer.learningRate;
  return (await optimizer.learningRateTensor.data())[0];
}
