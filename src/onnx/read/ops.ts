/** The operations that are read, by name. */
import type { Ops } from './call.ts';
import { constants } from './constants.ts';
import { control } from './control.ts';
import { elementwise } from './elementwise.ts';
import { indexing } from './indexing.ts';
import { normalization } from './normalization.ts';
import { products } from './products.ts';
import { recurrence } from './recurrent.ts';
import { reductions } from './reductions.ts';
import { resizing } from './resize.ts';
import { shapes } from './shapes.ts';
import { windows } from './windows.ts';

export const ops: Ops = {
  ...elementwise,
  ...constants,
  ...shapes,
  ...reductions,
  ...products,
  ...windows,
  ...normalization,
  ...indexing,
  ...resizing,
  ...recurrence,
  ...control,
};
