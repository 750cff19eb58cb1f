/**
 * A program's steps as commands for the device.
 *
 * A branch costs no answer to the host: a *gate*, a kernel of one invocation, looks at the predicate
 * and writes the numbers of workgroups of the kernels behind it, zero for the side not taken; these
 * are dispatched indirectly. A gate that does not run leaves what it controls closed, since the gate
 * around it has closed all that too. `while` is a gate and its round; after some rounds the host looks
 * at a flag that the gate has raised.
 */

import type { WgslLimits } from '../../codegen/wgsl/layout.ts';
import { roomOf } from '../../codegen/wgsl/memory.ts';
import { type PrintedKernel, printKernel } from '../../codegen/wgsl/printer.ts';
import { dump } from '../../compiler/debug.ts';
import type { Kernel } from '../../compiler/loopnest.ts';
import type { Control, Program, Step } from '../../compiler/program.ts';
import type { BindingType, Device } from './device.ts';

/** What a binding of a dispatch holds. */
export type Source =
  | { readonly kind: 'buffer'; readonly buffer: number }
  | { readonly kind: 'arena' }
  | { readonly kind: 'index'; readonly level: number }
  /** The numbers that gates of a depth write. */
  | { readonly kind: 'gates'; readonly depth: number };

/** A word that a gate writes. */
interface Word {
  readonly depth: number;
  readonly word: number;
}

export interface Dispatch {
  readonly kind: 'dispatch';
  readonly name: string;
  readonly pipeline: GPUComputePipeline;
  readonly types: readonly BindingType[];
  readonly sources: readonly Source[];
  readonly groups: readonly [number, number, number];
  /** Where the numbers of workgroups stand, behind a gate. */
  readonly behind?: Word;
  readonly staged: PrintedKernel['staged'];
  /** Loops around it whose index it uses. */
  readonly levels: number;
  /** Bind groups by the buffers in them. */
  readonly cache: Map<string, GPUBindGroup>;
}

export type Task =
  | Dispatch
  | {
      readonly kind: 'loop';
      readonly extent: number;
      readonly tasks: readonly Task[];
      readonly waits: boolean;
    }
  /** `tasks` begin with the gate, which raises `flag` when another round is wanted. */
  | { readonly kind: 'while'; readonly tasks: readonly Task[]; readonly flag: Word };

/** Whether the host must look at something before what follows is known. */
export function waits(tasks: readonly Task[]): boolean {
  return tasks.some((t) => t.kind === 'while' || (t.kind === 'loop' && t.waits));
}

/** Numbers to write when a gate is open. */
interface Gate {
  readonly depth: number;
  readonly open: { readonly word: number; readonly value: number }[];
}

export interface Tasks {
  readonly tasks: readonly Task[];
  /** Words of each depth's buffer of numbers. */
  readonly gateWords: readonly number[];
  /** Bytes behind the arena for buffers that are copied there. */
  readonly stagedBytes: number;
  /** Whether a kernel sees the arena as one binding. */
  readonly wholeArena: boolean;
  /** The longest loop. */
  readonly longest: number;
}

export function tasksOf(program: Program, device: Device, limits: WgslLimits): Tasks {
  const gateWords: number[] = [];
  let stagedBytes = 0;
  let wholeArena = false;
  let longest = 0;

  const allocate = (depth: number, words: number): number => {
    const at = gateWords[depth] ?? 0;
    gateWords[depth] = at + words;
    return at;
  };
  /** Puts a dispatch behind the gate, if there is one. */
  const behind = (gate: Gate | undefined, groups: readonly number[]): { behind?: Word } => {
    if (!gate) return {};
    const word = allocate(gate.depth, 3);
    groups.forEach((value, i) => {
      gate.open.push({ word: word + i, value });
    });
    return { behind: { depth: gate.depth, word } };
  };
  const kernelTask = (kernel: Kernel, gate: Gate | undefined): Dispatch => {
    const printed = printKernel(kernel, program.buffers, limits, program.arenaBytes);
    dump('wgsl', () => `--- ${program.name}.${kernel.name}: WGSL\n${printed.text}`);
    const types = printed.bindings.map((b): BindingType => {
      if (b.kind === 'index') return 'uniform';
      return b.write ? 'storage' : 'read-only-storage';
    });
    for (const s of printed.staged)
      stagedBytes = Math.max(
        stagedBytes,
        s.offset + roomOf(program.buffers[s.buffer]) - program.arenaBytes,
      );
    wholeArena ||= printed.bindings.some((b) => b.kind === 'arena');
    return {
      kind: 'dispatch',
      name: printed.name,
      pipeline: device.pipeline(printed.text, types),
      types,
      sources: printed.bindings,
      groups: printed.groups,
      ...behind(gate, printed.groups),
      staged: printed.staged,
      levels: kernel.outer?.length ?? 0,
      cache: new Map(),
    };
  };

  /** A gate on a predicate; `make` says what it opens and, negated, what it opens instead. */
  const gateTask = (
    predicate: number,
    around: Gate | undefined,
    make: (open: Gate, otherwise: Gate) => Task[],
  ): Task[] => {
    const depth = (around?.depth ?? -1) + 1;
    const open: Gate = { depth, open: [] };
    const otherwise: Gate = { depth, open: [] };
    const own = behind(around, [1, 1, 1]);
    const before = gateWords.slice();
    const inner = make(open, otherwise);
    const lines = [
      ...open.open.map(({ word, value }) => `gates${depth}[${word}] = select(0u, ${value}u, on);`),
      ...otherwise.open.map(
        ({ word, value }) => `gates${depth}[${word}] = select(${value}u, 0u, on);`,
      ),
    ];
    const depths = [depth];
    for (let d = depth + 1; d < gateWords.length; d++) {
      const from = before[d] ?? 0;
      if (gateWords[d] === from) continue;
      depths.push(d);
      lines.push(`for (var i = ${from}; i < ${gateWords[d]}; i++) { gates${d}[i] = 0u; }`);
    }
    const text = [
      '@group(0) @binding(0) var<storage, read> predicate: array<u32>;',
      ...depths.map(
        (d, i) => `@group(0) @binding(${i + 1}) var<storage, read_write> gates${d}: array<u32>;`,
      ),
      '@compute @workgroup_size(1) fn main() {',
      '  let on = (predicate[0] & 255u) != 0u;',
      ...lines.map((l) => `  ${l}`),
      '}',
      '',
    ].join('\n');
    const types: BindingType[] = ['read-only-storage', ...depths.map(() => 'storage' as const)];
    const gate: Dispatch = {
      kind: 'dispatch',
      name: 'gate',
      pipeline: device.pipeline(text, types),
      types,
      sources: [
        { kind: 'buffer', buffer: predicate },
        ...depths.map((d) => ({ kind: 'gates', depth: d }) as const),
      ],
      groups: [1, 1, 1],
      ...own,
      staged: [],
      levels: 0,
      cache: new Map(),
    };
    return [gate, ...inner];
  };

  const build = (steps: readonly Step[], gate: Gate | undefined): Task[] =>
    steps.flatMap((s) => (s.kernel ? [kernelTask(s.kernel, gate)] : controlTask(s.control, gate)));

  const controlTask = (control: Control, gate: Gate | undefined): Task[] => {
    switch (control.kind) {
      case 'loop': {
        longest = Math.max(longest, control.extent);
        const tasks = build(control.steps, gate);
        return [{ kind: 'loop', extent: control.extent, tasks, waits: waits(tasks) }];
      }
      case 'branch':
        return gateTask(control.predicate, gate, (then, otherwise) => [
          ...build(control.then, then),
          ...build(control.otherwise, otherwise),
        ]);
      case 'while': {
        let flag: Word | undefined;
        const tasks = gateTask(control.predicate, gate, (open) => {
          flag = { depth: open.depth, word: allocate(open.depth, 1) };
          open.open.push({ word: flag.word, value: 1 });
          return build(control.steps, open);
        });
        return [{ kind: 'while', tasks, flag: flag! }];
      }
    }
  };

  const tasks = build(program.steps, undefined);
  return { tasks, gateWords, stagedBytes, wholeArena, longest };
}
