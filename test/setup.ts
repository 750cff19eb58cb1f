/**
 * After every test the process looks at its messages. A file of long synchronous tests otherwise
 * starves vitest's own, which gives up after a minute and fails the run though every test has passed.
 */
import { afterEach } from 'vitest';

// Tests may replace the timers.
const { setImmediate } = globalThis;

afterEach(() => new Promise<void>((resolve) => setImmediate(() => resolve())));
