import type { Browser } from 'playwright-core';

export declare const findChromium: () => string | undefined;
export declare function launch(args?: readonly string[]): Promise<Browser>;
