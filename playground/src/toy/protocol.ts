/** What the second page and its worker say to each other. */
import type { ActivationName } from '../model/spec.ts';
import type { Points } from './data.ts';
import type { Fit } from './measure.ts';

/** Side of the pictures of the plane, and what part of the plane they show: -extent..extent. */
export const planeSide = 48;
export const extent = 1.25;

export interface NeuronQuestion {
  readonly weights: readonly [number, number];
  readonly bias: number;
  readonly activation: NeuronActivation;
}
export type NeuronActivation = Exclude<ActivationName, 'gelu'> | 'step';

export interface NeuronAnswer {
  /** The neuron's output over the plane, row by row from the top. */
  readonly plane: Float32Array;
  /** Its activation at -5..5. */
  readonly curve: Float32Array;
}

export interface ToyNetwork {
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  readonly activation: ActivationName;
  readonly dropout: number;
  readonly l2: number;
  readonly learningRate: number;
  readonly seed: number;
}

export interface ToyTask {
  /** Tasks are numbered; `stopToy` ends those up to a number, begun or not. */
  readonly ticket: number;
  readonly network: ToyNetwork;
  readonly train: Points;
  readonly test: Points;
  /** Begins with new weights. */
  readonly fresh: boolean;
  /** Trains until stopped; otherwise only shows how things stand. */
  readonly run: boolean;
}

export interface ToyFrame {
  /** Of the task that it belongs to. */
  readonly ticket: number;
  readonly epoch: number;
  readonly train: Fit;
  readonly test: Fit;
  /** Probability of class 1 over the plane. */
  readonly plane: Float32Array;
  /** Outputs of every hidden unit over the plane, layer by layer. */
  readonly units: readonly (readonly Float32Array[])[];
}
