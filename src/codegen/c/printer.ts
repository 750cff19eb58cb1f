/**
 * Program -> one C file: a static function per kernel, and `gradloom_run`, which every thread of
 * the team calls and which walks the steps.
 *
 * The text depends on nothing but the program (no counters of the process, no names given by the
 * user), so that its hash finds it in the cache again.
 */
import type { CpuTarget, Program, Step } from '../../compiler/program.ts';
import { scratchBytes } from './buffers.ts';
import { isElementwise, KernelPrinter } from './kernel.ts';
import { helperSource, typedefs, vectorTypedef } from './prelude.ts';
import {
  fusedMacro,
  type TileShape,
  type TileStrides,
  tileCallName,
  tileCallSource,
  tileName,
  tileSource,
  tileWidths,
} from './tile.ts';

export interface CSource {
  readonly text: string;
  /** Whether any step is shared among threads. */
  readonly threaded: boolean;
  /** Bytes of scratch each thread must bring. */
  readonly scratchBytes: number;
}

/**
 * Where a share of an elementwise kernel may begin. A multiple of every vector length, so that an
 * element is computed by the same instructions however many threads there are.
 */
const elementGrain = 64;

export function printC(program: Program, target: CpuTarget): CSource {
  const helpers = new Set<string>();
  const tiles = new Map<string, TileShape>();
  const tileCalls = new Map<string, string>();
  const needs = {
    helper: (name: string) => void helpers.add(name),
    tile: (t: TileShape, strides: TileStrides) => {
      tiles.set(tileName(t), t);
      const name = tileCallName(t, strides);
      if (!tileCalls.has(name)) tileCalls.set(name, tileCallSource(t, strides));
    },
  };
  const kernels = program.steps.map((s) =>
    new KernelPrinter(s.kernel, program.buffers, needs).print(),
  );
  const threaded = program.steps.some((s) => partsOf(s, target) > 1);
  if (threaded) helpers.add('part');

  const vectors = new Map<string, string>();
  for (const t of tiles.values()) {
    for (const w of tileWidths(t, target.lanes)) {
      if (w > 1) vectors.set(`${t.dtype} ${w}`, vectorTypedef(t.dtype, w));
    }
  }
  const text = [
    typedefs,
    ...vectors.values(),
    ...[...helpers].sort().map(helperSource),
    '',
    ...(tiles.size > 0 ? [fusedMacro] : []),
    ...[...tiles.values()].map((t) => `${tileSource(t, target.lanes)}\n`),
    ...[...tileCalls.values()].map((text) => `${text}\n`),
    ...kernels,
    runSource(program, target),
  ].join('\n');
  const scratch = Math.max(0, ...program.steps.map((s) => scratchBytes(s.kernel)));
  return { text, threaded, scratchBytes: scratch };
}

/** How many threads a step is worth. */
function partsOf({ kernel }: Step, target: CpuTarget): number {
  const { parallel, cost } = kernel;
  if (!parallel || cost < target.parallelThreshold) return 1;
  const units = isElementwise(kernel) ? Math.ceil(parallel.extent / elementGrain) : parallel.extent;
  return Math.min(units, Math.max(2, Math.ceil(cost / Math.max(1, target.parallelThreshold))));
}

/**
 * The step list. Steps that are not shared all run on thread 0, so between two of them its own
 * program order is barrier enough; the barrier is then owed to the next shared step.
 */
function runSource(program: Program, target: CpuTarget): string {
  const lines = [
    '// Every thread of the team calls this; `t` holds the addresses of the buffers.',
    '__attribute__((visibility("default"))) void gradloom_run(',
    '    void *const *t, char *scratch, i32 thread, i32 threads,',
    '    void (*sync)(void *team, i32 thread), void *team) {',
  ];
  let owed = false;
  let sharedBefore = false;
  for (const step of program.steps) {
    const { kernel } = step;
    const parts = partsOf(step, target);
    if (step.barrier) owed = true;
    if (owed && (parts > 1 || sharedBefore)) {
      lines.push('  if (threads > 1) sync(team, thread);');
      owed = false;
      sharedBefore = false;
    }
    if (parts > 1) {
      const { extent } = kernel.parallel!;
      const grain = isElementwise(kernel) ? elementGrain : 1;
      lines.push(
        '  {',
        `    const i32 parts = threads < ${parts} ? threads : ${parts};`,
        `    const i32 lo = part(${extent}, ${grain}, thread, parts), hi = part(${extent}, ${grain}, thread + 1, parts);`,
        `    if (lo < hi) ${kernel.name}(t, scratch, lo, hi);`,
        '  }',
      );
      sharedBefore = true;
    } else {
      const extent = kernel.parallel ? kernel.parallel.extent : 1;
      if (extent > 0) lines.push(`  if (thread == 0) ${kernel.name}(t, scratch, 0, ${extent});`);
    }
  }
  lines.push('}', '');
  return lines.join('\n');
}
