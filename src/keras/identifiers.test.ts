import { describe, expect, it } from 'vitest';
import { GradloomError } from '../errors.ts';
import { camelCase, checkOptions, lookup, plainId, snakeCase } from './identifiers.ts';

it('spellings', () => {
  for (const id of [
    'meanSquaredError',
    'mean_squared_error',
    'MeanSquaredError',
    'MEAN-SQUARED error',
  ])
    expect(plainId(id)).toBe('meansquarederror');
  expect(snakeCase('DenseLayer')).toBe('dense_layer');
  // As keras.src.utils.naming.to_snake_case.
  expect(snakeCase('Conv2DTranspose')).toBe('conv2d_transpose');
  expect(snakeCase('MaxPooling2D')).toBe('max_pooling2d');
  expect(snakeCase('ReLU')).toBe('re_lu');
  expect(snakeCase('meanSquaredError')).toBe('mean_squared_error');
  expect(camelCase('val_mean_squared_error')).toBe('valMeanSquaredError');
});

describe('lookup', () => {
  const table = { relu: 1, leakyRelu: 2 };
  it('finds names and aliases', () => {
    expect(lookup('activation', 'leaky_relu', table)).toBe(2);
    expect(lookup('activation', 'LReLU', table, { lrelu: 'leakyRelu' })).toBe(2);
  });
  it('names the nearest', () => {
    expect(() => lookup('activation', 'leakyrelo', table)).toThrow(
      'Unknown activation "leakyrelo". Did you mean "leakyRelu"? Known: relu, leakyRelu.',
    );
    for (const id of ['', 'toString', '__proto__', 'somethingElse'])
      expect(() => lookup('activation', id, table)).toThrow(GradloomError);
  });
});

it('options', () => {
  expect(() => checkOptions('relu', { maxValue: 1 }, ['maxValue'])).not.toThrow();
  expect(() => checkOptions('relu', { max_value: 1 }, ['maxValue'])).toThrow(
    'relu has no option "max_value". Did you mean "maxValue"?',
  );
});
