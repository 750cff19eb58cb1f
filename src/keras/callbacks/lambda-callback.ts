/** LambdaCallback. */
import { GradloomError } from '../../errors.ts';
import { checkOptions } from '../identifiers.ts';
import { Callback, type Hook, hooks } from './callback.ts';

export type Hooks = Partial<Pick<Callback, Hook>>;

/** A callback made of functions. */
export class LambdaCallback extends Callback {
  constructor(given: Hooks) {
    super();
    checkOptions('LambdaCallback', given, hooks);
    for (const [name, f] of Object.entries(given)) {
      if (typeof f !== 'function')
        throw new GradloomError('callback', `LambdaCallback: ${name} must be a function.`, {
          hook: name,
        });
    }
    Object.assign(this, given);
  }
}

export const lambdaCallback = (given: Hooks): LambdaCallback => new LambdaCallback(given);
