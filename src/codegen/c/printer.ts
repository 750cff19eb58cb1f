/**
 * Program -> C: a function per kernel, and `gradloom_run`, which every thread of the team calls and
 * which walks the steps. One file, or several that can be compiled at the same time.
 *
 * The text depends on nothing but the program (no counters of the process, no names given by the
 * user), so that its hash finds it in the cache again.
 */
import type { Kernel } from '../../compiler/loopnest.ts';
import {
  type Control,
  type CpuTarget,
  kernelsOf,
  type Program,
  type Step,
} from '../../compiler/program.ts';
import { scratchBytes } from './buffers.ts';
import { addsFloats, isElementwise, KernelPrinter } from './kernel.ts';
import { helperSource, typedefs, vectorTypedef } from './prelude.ts';
import { indent } from './scope.ts';
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
  /** Translation units; the last holds `gradloom_run`. */
  readonly units: readonly string[];
  /** All of them, one after another. */
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

/** A kernel's function, and what it needs above it. */
interface Printed {
  readonly kernel: Kernel;
  readonly text: string;
  readonly helpers: ReadonlySet<string>;
  readonly tiles: ReadonlyMap<string, TileShape>;
  readonly tileCalls: ReadonlyMap<string, string>;
}

/** At most `maxUnits` units: the work of a compiler is worth sharing from a dozen kernels on. */
export function printC(program: Program, target: CpuTarget, maxUnits = 1): CSource {
  const all = kernelsOf(program.steps);
  const printed = all.map((k) => printKernel(k, program));
  const threaded = program.steps.some((s) => isShared(s, target));
  const run = [...(threaded ? [helperSource('part')] : []), '', runSource(program, target)];
  const scratch = Math.max(0, ...all.map(scratchBytes));
  const count = Math.max(1, Math.min(maxUnits, Math.floor(all.length / kernelsWorthAUnit)));
  let units: string[];
  if (count === 1) units = [unitOf(printed, target, threaded, [runSource(program, target)])];
  else {
    const shares = shareOut(printed, count);
    const prototypes = printed.map((p) => `${hidden} ${headOf(p.text)};`);
    units = [
      ...shares.map((share) => unitOf(share.map(visible), target, false, [])),
      [typedefs, ...run.slice(0, -1), ...prototypes, '', run[run.length - 1]].join('\n'),
    ];
  }
  return { units, text: units.join('\n'), threaded, scratchBytes: scratch };
}

const kernelsWorthAUnit = 8;
const local = 'static __attribute__((noinline))';
const hidden = '__attribute__((visibility("hidden")))';

function printKernel(kernel: Kernel, program: Program): Printed {
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
  const text = new KernelPrinter(kernel, program.buffers, needs).print();
  return { kernel, text, helpers, tiles, tileCalls };
}

/** `void k0(void *const *t, …)` */
function headOf(text: string): string {
  const line = text.split('\n').find((l) => l.startsWith(local))!;
  return line.slice(local.length + 1, line.lastIndexOf(')') + 1).replace('FUSED ', '');
}
/** The function for callers in other units. */
function visible(p: Printed): Printed {
  return { ...p, text: p.text.replace(local, hidden) };
}

/** The kernels in `count` shares of about as much text: the longest goes where there is least. */
function shareOut(kernels: readonly Printed[], count: number): Printed[][] {
  const shares = Array.from({ length: count }, () => ({ size: 0, kernels: [] as Printed[] }));
  for (const k of [...kernels].sort((a, b) => b.text.length - a.text.length)) {
    const least = shares.reduce((a, b) => (b.size < a.size ? b : a));
    least.kernels.push(k);
    // A tile is a function of its own, unrolled by the compiler.
    least.size += k.text.length + k.tiles.size * 2000;
  }
  return shares.map((s) => s.kernels);
}

function unitOf(
  kernels: readonly Printed[],
  target: CpuTarget,
  threaded: boolean,
  rest: readonly string[],
): string {
  const helpers = new Set(kernels.flatMap((k) => [...k.helpers]));
  if (threaded) helpers.add('part');
  const tiles = new Map(kernels.flatMap((k) => [...k.tiles]));
  const tileCalls = new Map(kernels.flatMap((k) => [...k.tileCalls]));
  const vectors = new Map<string, string>();
  for (const t of tiles.values()) {
    for (const w of tileWidths(t, target.lanes)) {
      if (w > 1) vectors.set(`${t.dtype} ${w}`, vectorTypedef(t.dtype, w));
    }
  }
  return [
    typedefs,
    ...vectors.values(),
    ...[...helpers].sort().map(helperSource),
    '',
    ...(kernels.some((k) => addsFloats(k.kernel)) ? [fusedMacro] : []),
    ...[...tiles.values()].map((t) => `${tileSource(t, target.lanes)}\n`),
    ...[...tileCalls.values()].map((text) => `${text}\n`),
    ...kernels.map((k) => k.text),
    ...rest,
  ].join('\n');
}

/** How many threads a kernel is worth. */
function partsOf(kernel: Kernel, target: CpuTarget): number {
  const { parallel, cost } = kernel;
  if (!parallel || cost < target.parallelThreshold) return 1;
  const units = isElementwise(kernel) ? Math.ceil(parallel.extent / elementGrain) : parallel.extent;
  return Math.min(units, Math.max(2, Math.ceil(cost / Math.max(1, target.parallelThreshold))));
}

/** Whether any kernel of a step is shared among threads. Branches run on one. */
function isShared({ kernel, control }: Step, target: CpuTarget): boolean {
  if (kernel) return partsOf(kernel, target) > 1;
  return control.kind === 'loop' && control.steps.some((s) => isShared(s, target));
}

/** The function of the step list. */
function runSource(program: Program, target: CpuTarget): string {
  const printer = new StepPrinter(target);
  printer.list(program.steps, []);
  return [
    '// Every thread of the team calls this; `t` holds the addresses of the buffers.',
    '__attribute__((visibility("default"))) void gradloom_run(',
    '    void *const *t, char *scratch, i32 thread, i32 threads,',
    '    void (*sync)(void *team, i32 thread), void *team) {',
    ...indent(program.flush ? flushing(printer.lines) : printer.lines),
    '}',
    '',
  ].join('\n');
}

/**
 * Subnormal numbers count as zero while `lines` run, on the thread that runs them; then everything is
 * as before, for the caller is JavaScript. Other processors than these go on as they are.
 */
function flushing(lines: readonly string[]): string[] {
  return [
    '#if defined(__x86_64__)',
    'const u32 mode = __builtin_ia32_stmxcsr();',
    '__builtin_ia32_ldmxcsr(mode | 0x8040); // flush to zero, denormals are zero',
    '#elif defined(__aarch64__)',
    'unsigned long mode;',
    '__asm__ volatile("mrs %0, fpcr" : "=r"(mode));',
    '__asm__ volatile("msr fpcr, %0" : : "r"(mode | 1ul << 24));',
    '#endif',
    ...lines,
    '#if defined(__x86_64__)',
    '__builtin_ia32_ldmxcsr(mode);',
    '#elif defined(__aarch64__)',
    '__asm__ volatile("msr fpcr, %0" : : "r"(mode));',
    '#endif',
  ];
}

/**
 * Steps that are not shared all run on thread 0, so between two of them its own program order is
 * barrier enough; the barrier is then owed to the next shared step.
 */
class StepPrinter {
  lines: string[] = [];
  readonly #target: CpuTarget;
  #owed = false;
  #sharedBefore = false;
  #loops = 0;

  constructor(target: CpuTarget) {
    this.#target = target;
  }

  /** @param loops the C names of the indices of the loops around */
  list(steps: readonly Step[], loops: readonly string[]): void {
    for (const step of steps) {
      const shared = isShared(step, this.#target);
      if (step.barrier) this.#owed = true;
      if (this.#owed && (shared || this.#sharedBefore)) this.#sync();
      if (!shared) {
        const alone = this.#within(() => this.#alone(step, loops));
        if (alone.length === 1) this.lines.push(`if (thread == 0) ${alone[0]}`);
        else if (alone.length > 1) this.lines.push('if (thread == 0) {', ...indent(alone), '}');
        continue;
      }
      if (step.kernel) this.#shared(step.kernel, loops);
      else if (step.control.kind === 'loop') this.#loop(step.control, loops);
      this.#sharedBefore = true;
    }
  }

  #sync(): void {
    this.lines.push('if (threads > 1) sync(team, thread);');
    this.#owed = false;
    this.#sharedBefore = false;
  }

  #within(f: () => void): string[] {
    const outer = this.lines;
    this.lines = [];
    f();
    const made = this.lines;
    this.lines = outer;
    return made;
  }

  #call(kernel: Kernel, lo: string, hi: string, loops: readonly string[]): string {
    return `${kernel.name}(${['t', 'scratch', lo, hi, ...loops.slice(0, kernel.outer?.length ?? 0)].join(', ')});`;
  }

  #shared(kernel: Kernel, loops: readonly string[]): void {
    const parts = partsOf(kernel, this.#target);
    const { extent } = kernel.parallel!;
    const grain = isElementwise(kernel) ? elementGrain : 1;
    this.lines.push(
      '{',
      `  const i32 parts = threads < ${parts} ? threads : ${parts};`,
      `  const i32 lo = part(${extent}, ${grain}, thread, parts), hi = part(${extent}, ${grain}, thread + 1, parts);`,
      `  if (lo < hi) ${this.#call(kernel, 'lo', 'hi', loops)}`,
      '}',
    );
  }

  #for(extent: number, loops: readonly string[], f: (loops: readonly string[]) => void): void {
    const i = `step${this.#loops++}`;
    this.lines.push(
      `for (i32 ${i} = 0; ${i} < ${extent}; ${i}++) {`,
      ...indent(this.#within(() => f([...loops, i]))),
      '}',
    );
  }

  /** Threads meet at the start of every round, as the first step's barrier says. */
  #loop(control: Extract<Control, { kind: 'loop' }>, loops: readonly string[]): void {
    this.#for(control.extent, loops, (inner) => {
      this.#sync();
      const [first, ...rest] = control.steps;
      this.list([{ ...first, barrier: false }, ...rest], inner);
    });
    this.#owed = true;
  }

  /** A step on thread 0, whatever is inside. */
  #alone({ kernel, control }: Step, loops: readonly string[]): void {
    const all = (steps: readonly Step[], l: readonly string[]): void => {
      for (const s of steps) this.#alone(s, l);
    };
    if (kernel) {
      const extent = kernel.parallel ? kernel.parallel.extent : 1;
      if (extent > 0) this.lines.push(this.#call(kernel, '0', String(extent), loops));
    } else if (control.kind === 'loop') {
      this.#for(control.extent, loops, (inner) => all(control.steps, inner));
    } else {
      // Memory behind a pointer: read anew each time.
      const test = `*(const volatile u8 *)t[${control.predicate}]`;
      const block = (head: string, steps: readonly Step[]): void => {
        const inner = this.#within(() => all(steps, loops));
        this.lines.push(head, ...indent(inner), '}');
      };
      if (control.kind === 'while') block(`while (${test}) {`, control.steps);
      else {
        block(`if (${test}) {`, control.then);
        block('else {', control.otherwise);
      }
    }
  }
}
