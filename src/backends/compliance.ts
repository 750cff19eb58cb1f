/**
 * The compliance suite: every backend runs these graphs and is compared with the reference.
 *
 * A backend's test file is:
 *
 *     import { describe, expect, it } from 'vitest';
 *     import { runCompliance } from '../compliance.ts';
 *     runCompliance(createMyBackend, { describe, it, expect });
 */
import { bytesOf, type DType, isFloat, type TypedArray, viewArray } from '../dtype.ts';
import { Graph } from '../graph/index.ts';
import { showShape, sizeOf } from '../shape.ts';
import type { Backend, DeviceBuffer } from './backend.ts';
import type { BuiltCase, Case, Tolerance } from './compliance/case.ts';
import { controlFlowCases } from './compliance/control.ts';
import { dotCases } from './compliance/dot.ts';
import { elementwiseCases } from './compliance/elementwise.ts';
import { indexingCases } from './compliance/indexing.ts';
import { movementCases } from './compliance/movement.ts';
import { programCases } from './compliance/programs.ts';
import { reduceCases } from './compliance/reduce.ts';
import { windowCases } from './compliance/window.ts';
import { interpret } from './reference/interpret.ts';

export type { BuiltCase, Case, Tolerance } from './compliance/case.ts';

/** Every case, grouped by what it exercises; names are unique. */
export function complianceGroups(): Record<string, Case[]> {
  return {
    elementwise: elementwiseCases(),
    movement: movementCases(),
    reduce: reduceCases(),
    dot: dotCases(),
    window: windowCases(),
    indexing: indexingCases(),
    programs: programCases(),
    control: controlFlowCases(),
  };
}

export function complianceCases(): Case[] {
  return Object.values(complianceGroups()).flat();
}

/** What a test runner must provide; vitest, jest and node:test do. */
export interface TestApi {
  describe(name: string, body: () => void): unknown;
  it(name: string, body: () => Promise<void>): unknown;
  expect(value: unknown, message?: string): { toEqual(expected: unknown): void };
}

export interface ComplianceOptions {
  /** How many cases are compiled together, for backends whose compilation is slow. Default 1. */
  readonly batch?: number;
  /** Only cases whose names match. */
  readonly only?: RegExp;
  /** Takes one case in so many, the same ones each time: a sample, for slow backends. Default 1. */
  readonly oneIn?: number;
  /** Passed to `Backend.compile`. Default true. */
  readonly optimize?: boolean;
  /** Whether a run leaves nothing behind, so that a second one would be the first again. Default false. */
  readonly stateless?: boolean;
  /** Bounds in place of the cases' own, for backends that are asked to round. */
  readonly tolerance?: Tolerance;
}

/** Declares the suite's tests for the backend that `create` makes. */
export function runCompliance(
  create: () => Backend | Promise<Backend>,
  { describe, it, expect }: TestApi,
  options: ComplianceOptions = {},
): void {
  let made: Promise<Backend> | undefined;
  const backend = (): Promise<Backend> => {
    made ??= Promise.resolve(create());
    return made;
  };
  for (const [group, cases] of Object.entries(complianceGroups())) {
    const named = cases
      .filter((c) => !options.only || options.only.test(c.name))
      .map((c) => ({ ...c, tolerance: options.tolerance ?? c.tolerance }));
    const chosen = named.filter((_, i) => i % (options.oneIn ?? 1) === 0);
    const batch = Math.max(1, options.batch ?? 1);
    if (chosen.length === 0) continue;
    describe(`compliance: ${group}`, () => {
      for (let i = 0; i < chosen.length; i += batch) {
        const part = chosen.slice(i, i + batch);
        const name =
          part.length === 1
            ? part[0].name
            : `${part[0].name} … ${part[part.length - 1].name} (${part.length} cases)`;
        it(name, async () => {
          expect(await failures(await backend(), part, options)).toEqual([]);
        });
      }
    });
  }
}

/** Runs `cases` in one compilation; the complaints, one a line, none when all is well. */
export async function failures(
  backend: Backend,
  cases: readonly Case[],
  options: Pick<ComplianceOptions, 'optimize' | 'stateless'> = {},
): Promise<string[]> {
  const all = cases.map((c) => ({ c, built: c.build() }));
  // What the backend cannot represent it must refuse; see its own tests.
  const able = all.filter(({ built }) => fits(built.graph, backend.dtypes));
  if (able.length === 0) return [];
  if (able.length < all.length)
    return failures(
      backend,
      able.map(({ c }) => c),
      options,
    );
  const built = all.map((a) => a.built);
  try {
    return await compareTogether(backend, cases, built, options);
  } catch (error) {
    if (cases.length === 1) return [`${cases[0].name}: ${describeError(error)}`];
    // One at a time, to find which of them it was.
    const found: string[] = [];
    for (const c of cases) found.push(...(await failures(backend, [c], options)));
    return found.length > 0
      ? found
      : [`${cases[0].name} … together, though each alone passes: ${describeError(error)}`];
  }
}

/** Whether a graph holds only these dtypes. */
function fits(graph: Graph, dtypes: ReadonlySet<DType> | undefined): boolean {
  if (!dtypes) return true;
  const values = [...graph.inputs, ...graph.computed.flatMap((n) => n.outputs)];
  return values.every((v) => dtypes.has(v.dtype));
}

const describeError = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

async function compareTogether(
  backend: Backend,
  cases: readonly Case[],
  built: readonly BuiltCase[],
  { optimize = true, stateless = false }: Pick<ComplianceOptions, 'optimize' | 'stateless'>,
): Promise<string[]> {
  const graph = new Graph(
    built.flatMap((c) => c.graph.inputs),
    built.flatMap((c) => c.graph.outputs),
    cases.length === 1 ? cases[0].name : `${cases.length} cases`,
  );
  const inputs = built.flatMap((c) => c.inputs);
  const donate = built.flatMap((c) => c.donate);
  const owner = built.flatMap((c, k) => c.graph.outputs.map((_, i) => ({ k, i })));
  const expected = built.flatMap((c) => interpret(c.graph).run(c.inputs));
  const before = backend.memory().buffers;
  const complaints: string[] = [];

  const executable = backend.compile(graph, { name: graph.name, donate, optimize });
  // A second run finds what the first has left behind: accumulators, counters, the arena.
  for (const round of stateless ? [''] : ['', ' (second run)']) {
    const given = inputs.map((array) => upload(backend, array));
    const results = executable.run(given);
    if (results.length !== owner.length) {
      complaints.push(`${graph.name}${round}: gave ${results.length} results, not ${owner.length}`);
      break;
    }
    for (let j = 0; j < results.length; j++) {
      const { k, i } = owner[j];
      const { dtype, shape } = graph.outputs[j];
      const got = await download(results[j], dtype);
      const difference = compareArrays(got, expected[j], dtype, shape, cases[k].tolerance);
      if (difference) complaints.push(`${cases[k].name}${round}: output ${i}: ${difference}`);
    }
    complaints.push(...(await checkInputs(graph, given, results, inputs, donate, round)));
    for (const buffer of [...results, ...given]) buffer.dispose();
  }
  executable.dispose();
  const leaked = backend.memory().buffers - before;
  if (leaked !== 0) complaints.push(`${graph.name}: ${leaked} buffers are left`);
  return complaints;
}

/** Inputs that were not donated must be as they were; donated ones come back or are gone. */
async function checkInputs(
  graph: Graph,
  given: readonly DeviceBuffer[],
  results: readonly DeviceBuffer[],
  inputs: readonly TypedArray[],
  donate: readonly boolean[],
  round: string,
): Promise<string[]> {
  const complaints: string[] = [];
  for (let i = 0; i < given.length; i++) {
    const name = `${graph.name}${round}: input ${i}`;
    const returned = results.includes(given[i]);
    if (donate[i]) {
      if (!returned && !given[i].disposed) complaints.push(`${name} was donated but not taken`);
      continue;
    }
    if (returned) complaints.push(`${name} was not donated but came back as a result`);
    if (given[i].disposed) complaints.push(`${name} was not donated but is disposed of`);
    else {
      const { dtype, shape } = graph.inputs[i];
      const now = await download(given[i], dtype);
      const difference = compareArrays(now, inputs[i], dtype, shape, { rel: 0, abs: 0 });
      if (difference) complaints.push(`${name} was overwritten: ${difference}`);
    }
  }
  return complaints;
}

function upload(backend: Backend, array: TypedArray): DeviceBuffer {
  const buffer = backend.allocate(array.byteLength);
  buffer.write(new Uint8Array(array.buffer, array.byteOffset, array.byteLength).slice());
  return buffer;
}

async function download(buffer: DeviceBuffer, dtype: DType): Promise<TypedArray> {
  const bytes = (await buffer.read()).slice();
  return viewArray(dtype, bytes.buffer, 0, bytes.byteLength / bytesOf(dtype));
}

/** undefined when `got` is `want` within the tolerance; else where they differ most. */
export function compareArrays(
  got: TypedArray,
  want: TypedArray,
  dtype: DType,
  shape: readonly number[],
  tolerance: Tolerance,
): string | undefined {
  if (got.length !== sizeOf(shape))
    return `${got.length} elements where ${dtype}${showShape(shape)} has ${sizeOf(shape)}`;
  const { rel, abs } = isFloat(dtype) ? tolerance : { rel: 0, abs: 0 };
  let wrong = 0;
  let worst = -1;
  let worstExcess = -1;
  for (let i = 0; i < got.length; i++) {
    const g = got[i];
    const w = want[i];
    // NaN equals NaN alone; infinities must be equal (their difference is NaN or infinite).
    if (g === w || (Number.isNaN(g) && Number.isNaN(w))) continue;
    const error = Math.abs(g - w);
    if (error <= abs + rel * Math.abs(w) && Number.isFinite(w)) continue;
    wrong++;
    const excess = Number.isFinite(error) ? error / (abs + rel * Math.abs(w) || 1e-300) : 1e300;
    if (excess > worstExcess) {
      worstExcess = excess;
      worst = i;
    }
  }
  if (wrong === 0) return undefined;
  const at = indexText(worst, shape);
  return `${wrong} of ${got.length} elements differ in ${dtype}${showShape(shape)}; at ${at} got ${got[worst]}, want ${want[worst]}`;
}

function indexText(position: number, shape: readonly number[]): string {
  const index: number[] = [];
  let rest = position;
  for (let d = shape.length - 1; d >= 0; d--) {
    index.unshift(rest % shape[d]);
    rest = Math.floor(rest / shape[d]);
  }
  return `[${index.join(', ')}]`;
}
