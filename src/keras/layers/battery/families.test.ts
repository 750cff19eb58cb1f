import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { families } from './battery.ts';

it.each(families())('%s has a test file', (family) => {
  expect(existsSync(new URL(`./${family}.test.ts`, import.meta.url))).toBe(true);
});
