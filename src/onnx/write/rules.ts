/** What every primitive becomes, by name. */
import { control } from './control.ts';
import { convolution } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import type { Rules } from './emitter.ts';
import { indexing } from './indexing.ts';
import { movement } from './movement.ts';
import { products } from './products.ts';
import { reductions } from './reductions.ts';
import { windows } from './windows.ts';

export const rules: Rules = {
  ...elementwise,
  ...movement,
  ...products,
  ...convolution,
  ...windows,
  ...reductions,
  ...indexing,
  ...control,
};
