/** The worker's script. Every role is the same script; what a role does not use is not loaded. */
import { answer, setNetwork } from './answers.ts';
import { backend } from './backends.ts';
import type { Handlers } from './protocol.ts';
import { type Scope, serve } from './serve.ts';

const training = () => import('./training.ts');

const handlers: Handlers = {
  backend,
  setNetwork,
  answer,
  train: async (p, emit) => (await training()).train(p, emit),
  stop: async () => (await training()).stop(),
  examine: async () => (await training()).examine(),
  filters: async () => (await training()).filters(),
};

serve(self as unknown as Scope, handlers);
