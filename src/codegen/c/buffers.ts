/** The memory a kernel touches, as C pointers and arrays. */
import { exprsOf, type Kernel, type Stmt, visitStmts } from '../../compiler/loopnest.ts';
import type { BufferDecl } from '../../compiler/program.ts';
import { bytesOf } from '../../dtype.ts';
import { exprOrder } from '../../expr/expr.ts';
import { KernelFacts } from './facts.ts';
import { storageType } from './prelude.ts';

/** Scratch arrays up to this size live on the stack; the rest in the thread's scratch block. */
const stackBytes = 32 * 1024;
export function scratchBytes(k: Kernel): number {
  return k.scratch.reduce((n, s) => n + heapBytes(s.length * bytesOf(s.dtype)), 0);
}

function heapBytes(bytes: number): number {
  return bytes <= stackBytes ? 0 : Math.ceil(bytes / 64) * 64;
}

/**
 * Names the memory of a program's buffers. A donated output is its input; arena buffers that
 * overlap in part share a name too, as far as one kernel sees them.
 */
function memoryNames(buffers: readonly BufferDecl[], used: readonly number[]): string[] {
  const names: string[] = [];
  const arena: { n: number; lo: number; hi: number }[] = [];
  for (const n of used) {
    const { place, length, dtype } = buffers[n];
    if (place.kind === 'input') names[n] = `input ${place.slot}`;
    else if (place.kind === 'output') {
      names[n] =
        place.donatedFrom === undefined ? `output ${place.slot}` : `input ${place.donatedFrom}`;
    } else if (place.kind === 'constant') names[n] = `constant ${n}`;
    else {
      names[n] = `arena ${n}`;
      const hi = place.offset + length * bytesOf(dtype);
      for (const other of arena) {
        if (place.offset < other.hi && other.lo < hi) {
          const [from, to] = [names[n], names[other.n]];
          for (const { n: m } of arena) if (names[m] === from) names[m] = to;
          names[n] = to;
        }
      }
      arena.push({ n, lo: place.offset, hi });
    }
  }
  return names;
}

/** The program's buffers and the scratch arrays that statements load from or store to. */
function usedBuffers(body: readonly Stmt[]): number[] {
  const used = new Set<number>();
  visitStmts(body, (s) => {
    if (s.kind === 'store') used.add(s.buffer);
    if (s.kind === 'tile') used.add(s.a.buffer).add(s.b.buffer).add(s.out.buffer);
    for (const e of exprOrder(exprsOf(s))) if (e.op === 'load') used.add(e.buffer);
  });
  return [...used].sort((a, b) => a - b);
}

export class KernelBuffers {
  /** Declarations of every pointer and array. */
  readonly lines: string[] = [];
  readonly facts: KernelFacts;
  readonly #pointers = new Map<number, string>();

  constructor(kernel: Kernel, buffers: readonly BufferDecl[]) {
    const used = usedBuffers(kernel.body).filter((n) => n >= 0);
    const memory = memoryNames(buffers, used);
    this.facts = new KernelFacts(
      kernel.body,
      (n) => (n < 0 ? `scratch ${n}` : memory[n]),
      (n) => (n < 0 ? kernel.scratch[-n - 1].length : buffers[n].length),
    );
    this.#declareBuffers(used, buffers, memory, this.facts.writesOf(kernel.body).mem);
    this.#declareScratch(kernel.scratch);
  }

  /** The C name of a buffer. */
  pointer(n: number): string {
    return this.#pointers.get(n)!;
  }

  /** Every C name taken. */
  names(): Iterable<string> {
    return this.#pointers.values();
  }

  /** Buffers over the same memory share one pointer, so that `restrict` stays true. */
  #declareBuffers(
    used: readonly number[],
    buffers: readonly BufferDecl[],
    memory: readonly string[],
    writes: ReadonlySet<string>,
  ): void {
    const first = new Map<string, number>();
    const sharers = new Map<string, Set<string>>();
    const pointerKey = (n: number): string => {
      const { dtype, place } = buffers[n];
      const offset = place.kind === 'arena' ? place.offset : 0;
      return `${memory[n]}|${offset}|${storageType(dtype)}`;
    };
    for (const n of used) {
      const set = sharers.get(memory[n]) ?? new Set();
      set.add(pointerKey(n));
      sharers.set(memory[n], set);
    }
    for (const n of used) {
      const key = pointerKey(n);
      const known = first.get(key);
      if (known !== undefined) {
        this.#pointers.set(n, this.#pointers.get(known)!);
        continue;
      }
      first.set(key, n);
      const name = `b${n}`;
      this.#pointers.set(n, name);
      const written = writes.has(memory[n]);
      const alone = sharers.get(memory[n])!.size === 1;
      const { dtype, length, place } = buffers[n];
      const slot = place.kind === 'input' || place.kind === 'output' ? ` ${place.slot}` : '';
      this.lines.push(
        `${written ? '' : 'const '}${storageType(dtype)} *${alone ? 'restrict ' : ''}const ${name} = ` +
          `t[${n}]; // ${place.kind}${slot}, ${dtype}[${length}]`,
      );
    }
  }

  #declareScratch(scratch: Kernel['scratch']): void {
    let offset = 0;
    for (const [i, s] of scratch.entries()) {
      const name = `s${i}`;
      this.#pointers.set(-i - 1, name);
      const bytes = s.length * bytesOf(s.dtype);
      const heap = heapBytes(bytes);
      const type = storageType(s.dtype);
      if (heap === 0) {
        this.lines.push(`${type} ${name}[${Math.max(1, s.length)}] __attribute__((aligned(64)));`);
      } else {
        this.lines.push(
          `${type} *restrict const ${name} = (${type} *)(scratch + ${offset}); // [${s.length}]`,
        );
        offset += heap;
      }
    }
  }
}
