/** Settings that show something, each a button of the page. */
import type { ActivationName } from '../model/spec.ts';
import type { DatasetName } from './data.ts';

export interface ToySettings {
  readonly dataset: DatasetName;
  readonly noise: number;
  readonly points: number;
  readonly layers: number;
  readonly width: number;
  readonly activation: ActivationName;
  readonly learningRate: number;
  readonly dropout: number;
  readonly l2: number;
}

export const lessonNames = ['under', 'fit', 'over', 'dropout', 'l2'] as const;
export type LessonName = (typeof lessonNames)[number];

const fit: ToySettings = {
  dataset: 'spiral',
  noise: 0.03,
  points: 200,
  layers: 3,
  width: 12,
  activation: 'relu',
  learningRate: 0.01,
  dropout: 0,
  l2: 0,
};
const over: ToySettings = { ...fit, dataset: 'moons', noise: 0.3, points: 50, width: 16 };

export const lessons: Readonly<Record<LessonName, ToySettings>> = {
  under: { ...fit, layers: 1, width: 2 },
  fit,
  over,
  dropout: { ...over, dropout: 0.3 },
  l2: { ...over, l2: 0.01 },
};
