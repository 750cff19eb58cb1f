/** The worker's script. Every role is the same script; what a role does not use is not loaded. */
import { answer, setNetwork } from './answers.ts';
import { backend } from './backends.ts';
import type { Handlers } from './protocol.ts';
import { oneAtATime, type Scope, serve } from './serve.ts';

const training = () => import('./training.ts');
const drawings = () => import('../graph/worker.ts');
const small = () => import('../toy/worker.ts');

// What computes runs one at a time: a backend is not changed under a prediction.
const turn = oneAtATime();

const handlers: Handlers = {
  backend: (p) =>
    turn(async () => (p.choice ? (await training()).changeBackend(() => backend(p)) : backend(p))),
  setNetwork: (p) => turn(() => setNetwork(p)),
  answer: (p) => turn(() => answer(p)),
  train: (p, emit) => turn(async () => (await training()).train(p, emit)),
  stop: async () => (await training()).stop(),
  examine: () => turn(async () => (await training()).examine()),
  drawGraph: (p) => turn(async () => (await drawings()).drawGraph(p)),
  neuron: (p) => turn(async () => (await small()).neuron(p)),
  toy: (p, emit) => turn(async () => (await small()).toy(p, emit)),
  stopToy: async (p) => (await small()).stopToy(p),
};

serve(self as unknown as Scope, handlers);
