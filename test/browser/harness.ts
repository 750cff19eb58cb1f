/** A test runner for a page, small enough to read: what `describe`, `it` and `expect` need to be. */

export interface Report {
  readonly passed: number;
  readonly failed: readonly { readonly name: string; readonly message: string }[];
  /** What a test had to say, such as a time it measured. */
  readonly notes: readonly string[];
}

interface Test {
  readonly name: string;
  readonly body: () => void | Promise<void>;
}

const tests: Test[] = [];
const notes: string[] = [];
const groups: string[] = [];

export function describe(name: string, body: () => void): void {
  groups.push(name);
  body();
  groups.pop();
}

export function it(name: string, body: () => void | Promise<void>): void {
  tests.push({ name: [...groups, name].join(': '), body });
}

export function note(text: string): void {
  notes.push(text);
}

export interface Expectation {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toBeLessThan(bound: number): void;
  toBeGreaterThan(bound: number): void;
  toMatch(pattern: RegExp): void;
}

const show = (x: unknown): string =>
  typeof x === 'string'
    ? x
    : (JSON.stringify(x, (_, v) =>
        typeof v === 'number' && !Number.isFinite(v) ? String(v) : v,
      ) ?? String(x));

export function expect(value: unknown): Expectation {
  const check = (ok: boolean, what: string): void => {
    if (!ok) throw new Error(`${show(value)} ${what}`);
  };
  return {
    toBe: (expected) => check(Object.is(value, expected), `is not ${show(expected)}`),
    toEqual: (expected) =>
      check(show(value) === show(expected), `does not equal ${show(expected)}`),
    toBeLessThan: (bound) => check((value as number) < bound, `is not below ${bound}`),
    toBeGreaterThan: (bound) => check((value as number) > bound, `is not above ${bound}`),
    toMatch: (pattern) => check(pattern.test(String(value)), `does not match ${pattern}`),
  };
}

/** The code of the GradloomError that `body` throws, or what else happened. */
export async function codeOf(body: () => unknown): Promise<string> {
  try {
    await body();
    return 'no error';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

/** Runs all tests, one after another; the runner waits for the report to appear in the window. */
export async function run(): Promise<void> {
  const failed: { name: string; message: string }[] = [];
  let passed = 0;
  for (const { name, body } of tests) {
    try {
      await body();
      passed++;
    } catch (error) {
      failed.push({
        name,
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  }
  if (tests.length === 0) failed.push({ name: 'the page', message: 'declares no tests' });
  (window as unknown as { report: Report }).report = { passed, failed, notes };
}
