import { expect, it } from 'vitest';
import { camelCase } from '../identifiers.ts';
import { pythonKey } from './python-config.ts';

it.each([
  'kernel_initializer',
  'beta_1',
  'beta_2',
  'beta_2_decay',
  'epsilon_1',
  'epsilon_2',
  'sparse_y_true',
  'sparse_y_pred',
  'num_query_heads',
  'l1',
  'l2',
  'rms_scaling',
  'from_sorted_ids',
  't_mul',
  'm_mul',
  'use_ema',
  'bin_boundaries',
])('%s is the same there and back', (key) => {
  expect(pythonKey(camelCase(key))).toBe(key);
});
