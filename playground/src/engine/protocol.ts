/**
 * What the page and its workers say to each other. The page calls a method by name; the worker
 * answers each call once, and may send events on the way.
 */
import type { GraphAnswer, GraphQuestion } from '../graph/protocol.ts';
import type { LearningOptions } from '../model/build.ts';
import type { NetworkSpec } from '../model/spec.ts';
import type { PlainWeights } from '../model/weights-file.ts';
import type { NeuronAnswer, NeuronQuestion, ToyFrame, ToyTask } from '../toy/protocol.ts';

/** A way of computing that can be chosen. */
export type BackendChoice = 'wasm' | 'wasm-1' | 'webgpu' | 'reference';

export interface BackendState {
  readonly choice: BackendChoice;
  readonly available: readonly BackendChoice[];
  /** Threads that take part. */
  readonly threads: number;
  readonly isolated: boolean;
}

/** Which network answers. */
export type NetworkName = 'trained' | 'own';

export interface Answer {
  readonly probabilities: readonly number[];
  readonly milliseconds: number;
}

export interface TrainOptions extends LearningOptions {
  readonly spec: NetworkSpec;
  readonly epochs: number;
  readonly batchSize: number;
  /** Images to train on, from the first. */
  readonly samples: number;
  /** Address of the folder with MNIST's files. */
  readonly data: string;
  /** Goes on with the network there is, if it has this spec. */
  readonly resume: boolean;
}

export interface TrainResult {
  /** Whether it was stopped before its last epoch. */
  readonly stopped: boolean;
  readonly epochs: number;
  readonly weights: PlainWeights;
  readonly threads: number;
}

/** Mistakes on the test set. */
export interface Examination {
  /** [truth][answer], counts. */
  readonly confusion: readonly (readonly number[])[];
  readonly accuracy: number;
  readonly worst: readonly Mistake[];
}

export interface Mistake {
  readonly pixels: Uint8Array;
  readonly truth: number;
  readonly answer: number;
  /** Probability given to the wrong answer. */
  readonly sureness: number;
}

export interface Methods {
  backend: (p: { readonly choice?: BackendChoice }) => BackendState;
  setNetwork: (p: {
    readonly name: NetworkName;
    readonly network: PlainWeights | Uint8Array;
  }) => Record<string, never>;
  answer: (p: { readonly name: NetworkName; readonly pixels: Uint8Array }) => Answer;
  train: (p: TrainOptions) => TrainResult;
  stop: (p: Record<string, never>) => Record<string, never>;
  examine: (p: Record<string, never>) => Examination;
  drawGraph: (p: GraphQuestion) => GraphAnswer;
  neuron: (p: NeuronQuestion) => NeuronAnswer;
  toy: (p: ToyTask) => Record<string, never>;
  stopToy: (p: { readonly upTo: number }) => Record<string, never>;
}

export type MethodName = keyof Methods;
export type Params<M extends MethodName> = Parameters<Methods[M]>[0];
export type Result<M extends MethodName> = ReturnType<Methods[M]>;

/** What a worker tells without being asked. */
export interface Events {
  /** Data on their way: 0..1. */
  loading: { readonly share: number };
  /** In the middle of an epoch: running means. */
  progress: {
    readonly epoch: number;
    readonly share: number;
    readonly loss: number;
    readonly accuracy: number;
    /** Images a second. */
    readonly speed: number;
  };
  epoch: {
    readonly epoch: number;
    readonly seconds: number;
    readonly loss: number;
    readonly accuracy: number;
    readonly valLoss: number;
    readonly valAccuracy: number;
    readonly weights: PlainWeights;
  };
  /** How the small network of the second page stands. */
  frame: ToyFrame;
}
export type EventName = keyof Events;

export interface Call {
  readonly id: number;
  readonly method: MethodName;
  readonly params: unknown;
}

export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }
  | { readonly event: EventName; readonly data: unknown };

/** Sends an event to the page. */
export type Emit = <E extends EventName>(event: E, data: Events[E]) => void;

/** How a worker carries out methods. */
export type Handlers = {
  readonly [M in MethodName]: (params: Params<M>, emit: Emit) => Result<M> | Promise<Result<M>>;
};
