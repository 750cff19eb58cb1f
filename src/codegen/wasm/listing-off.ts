/** In the place of listing.ts in browsers: see compiler/debug-off.ts. */
import type { ModuleBuilder } from './assembler.ts';

export const listing = (_m: ModuleBuilder): string => '';
