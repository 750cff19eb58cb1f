/**
 * The memory a kernel touches, as WGSL bindings and arrays, and how an element is read and written.
 *
 * WGSL has no bytes: bool and uint8 lie four to a word, as the host has them, and a store changes its
 * part of a word atomically, since its neighbours belong to other invocations.
 */
import { exprsOf, type Kernel, visitStmts } from '../../compiler/loopnest.ts';
import type { BufferDecl } from '../../compiler/program.ts';
import { bytesOf, type DType } from '../../dtype.ts';
import { exprOrder, scalarOf } from '../../expr/expr.ts';
import { scalarType } from './prelude.ts';

/** What one binding of a kernel is to hold. */
export type Binding =
  /** One buffer of the program. */
  | { readonly kind: 'buffer'; readonly buffer: number; readonly write: boolean }
  /** The whole arena: where a kernel touches more buffers than may be bound. */
  | { readonly kind: 'arena'; readonly write: true }
  /** The index of the n-th of the program's loops around the kernel. */
  | { readonly kind: 'index'; readonly level: number };

/** A buffer that a kernel finds in the arena, copied there before it runs and back after. */
export interface Staged {
  readonly buffer: number;
  /** Bytes from the start of the arena. */
  readonly offset: number;
  readonly write: boolean;
}

const isByte = (t: DType): boolean => t === 'bool' || t === 'uint8';

/** A place that expressions read: its array, and where in it the buffer begins. */
interface Place {
  /** Names the buffer: by its order in the kernel, so that equal kernels have equal texts. */
  readonly name: string;
  readonly array: string;
  readonly storage: DType;
  /** Elements of `storage` before the first. */
  readonly offset: number;
  /** Whether the array holds words of any type, and whether these are atomic. */
  readonly words: boolean;
  readonly atomic: boolean;
}

/** Bytes that a buffer takes: whole words, and at least one. */
export function roomOf(decl: BufferDecl): number {
  return Math.max(4, Math.ceil((decl.length * bytesOf(decl.dtype)) / 4) * 4);
}

export class Memory {
  readonly bindings: Binding[] = [];
  readonly staged: Staged[] = [];
  /** Bindings and helper functions, to stand before the functions. */
  readonly lines: string[] = [];
  /** Declarations of private arrays, to stand first in the function. */
  readonly locals: string[] = [];
  readonly #places = new Map<number, Place>();

  /**
   * @param most storage bindings that a kernel may have
   * @param arenaBytes where in the arena there is room for what must be copied there
   */
  constructor(kernel: Kernel, buffers: readonly BufferDecl[], most: number, arenaBytes: number) {
    const { reads, writes } = usedBuffers(kernel);
    const used = [...new Set([...reads, ...writes])].sort((a, b) => a - b);
    const packed = new Map<number, number>();
    if (used.length > most) {
      for (const n of used) {
        const { place } = buffers[n];
        if (place.kind === 'arena') packed.set(n, place.offset);
      }
      // The smallest of the others move there too, until one binding for each of the rest is enough.
      const others = used.filter((n) => !packed.has(n));
      others.sort((a, b) => roomOf(buffers[a]) - roomOf(buffers[b]) || a - b);
      let offset = arenaBytes;
      for (const n of others.slice(0, Math.max(0, others.length + 1 - most))) {
        packed.set(n, offset);
        this.staged.push({ buffer: n, offset, write: writes.has(n) });
        offset += roomOf(buffers[n]);
      }
    }
    if (packed.size > 0) this.#arena(packed, used, buffers, writes);
    // One GPU buffer holds the arena, and may not be bound for reading and for writing at once.
    const arena = (n: number): boolean => buffers[n].place.kind === 'arena';
    const arenaWritten = [...writes].some(arena);
    used.forEach((n, i) => {
      const space =
        writes.has(n) || (arena(n) && arenaWritten) ? 'storage, read_write' : 'storage, read';
      if (!packed.has(n)) this.#bind(n, `b${i}`, buffers[n], space, writes.has(n));
    });
    for (const [i, s] of kernel.scratch.entries()) {
      const array = `s${i}`;
      const type = s.dtype === 'uint8' ? 'i32' : scalarType(s.dtype);
      this.locals.push(`var ${array}: array<${type}, ${Math.max(1, s.length)}>;`);
      const storage = s.dtype;
      this.#places.set(-1 - i, {
        name: array,
        array,
        storage,
        offset: 0,
        words: false,
        atomic: false,
      });
    }
    (kernel.outer ?? []).forEach((_, level) => {
      this.lines.push(
        this.#declare({ kind: 'index', level }, 'uniform', `step${level}`, 'vec4<i32>'),
      );
    });
  }

  #declare(binding: Binding, space: string, name: string, type: string): string {
    this.bindings.push(binding);
    return `@group(0) @binding(${this.bindings.length - 1}) var<${space}> ${name}: ${type};`;
  }

  #bind(n: number, name: string, decl: BufferDecl, space: string, write: boolean): void {
    const words = isByte(decl.dtype);
    const element = words ? 'u32' : scalarType(scalarOf(decl.dtype));
    const atomic = words && write;
    const type = `array<${atomic ? 'atomic<u32>' : element}>`;
    this.lines.push(
      this.#declare(
        { kind: 'buffer', buffer: n, write: space !== 'storage, read' },
        space,
        name,
        type,
      ),
    );
    const place = { name, array: name, storage: decl.dtype, offset: 0, words, atomic };
    this.#places.set(n, place);
    if (words) this.#byteFunctions(place, write);
  }

  #arena(
    packed: ReadonlyMap<number, number>,
    used: readonly number[],
    buffers: readonly BufferDecl[],
    writes: ReadonlySet<number>,
  ): void {
    const atomic = [...packed.keys()].some((n) => isByte(buffers[n].dtype) && writes.has(n));
    const type = `array<${atomic ? 'atomic<u32>' : 'u32'}>`;
    const binding = { kind: 'arena', write: true } as const;
    this.lines.push(this.#declare(binding, 'storage, read_write', 'arena', type));
    for (const [n, bytes] of packed) {
      const { dtype } = buffers[n];
      const offset = isByte(dtype) ? bytes : bytes / 4;
      const name = `b${used.indexOf(n)}`;
      const place = { name, array: 'arena', storage: dtype, offset, words: true, atomic };
      this.#places.set(n, place);
      if (isByte(dtype)) this.#byteFunctions(place, writes.has(n));
    }
  }

  #byteFunctions({ name, array, offset, atomic }: Place, write: boolean): void {
    const at = offset === 0 ? 'u32(i)' : `u32(i) + ${offset}u`;
    const word = atomic ? `atomicLoad(&${array}[at >> 2u])` : `${array}[at >> 2u]`;
    this.lines.push(
      `fn load_${name}(i: i32) -> u32 { let at = ${at}; return (${word} >> ((at & 3u) << 3u)) & 255u; }`,
    );
    if (write)
      this.lines.push(
        `fn store_${name}(i: i32, v: u32) { let at = ${at}; let shift = (at & 3u) << 3u; atomicAnd(&${array}[at >> 2u], ~(255u << shift)); atomicOr(&${array}[at >> 2u], (v & 255u) << shift); }`,
      );
  }

  /** The element of a buffer at an index. */
  load(n: number, index: string): string {
    const p = this.#places.get(n)!;
    if (isByte(p.storage) && n >= 0) {
      const value = `load_${p.name}(${index})`;
      return p.storage === 'bool' ? `(${value} != 0u)` : `i32(${value})`;
    }
    const text = `${p.array}[${this.#at(p, index)}]`;
    if (!p.words) return text;
    const word = p.atomic ? `atomicLoad(&${text})` : text;
    return p.storage === 'uint32' ? word : `bitcast<${scalarType(scalarOf(p.storage))}>(${word})`;
  }

  /** The statement that puts a value there. */
  store(n: number, index: string, value: string): string {
    const p = this.#places.get(n)!;
    if (isByte(p.storage) && n >= 0) return `store_${p.name}(${index}, u32(${value}));`;
    const text = `${p.array}[${this.#at(p, index)}]`;
    if (p.words) {
      const word = p.storage === 'uint32' ? value : `bitcast<u32>(${value})`;
      return p.atomic ? `atomicStore(&${text}, ${word});` : `${text} = ${word};`;
    }
    return `${text} = ${p.storage === 'uint8' ? `(${value} & 255)` : value};`;
  }

  #at(p: Place, index: string): string {
    return p.offset === 0 ? index : `${index} + ${p.offset}`;
  }
}

function usedBuffers(kernel: Kernel): { reads: Set<number>; writes: Set<number> } {
  const reads = new Set<number>();
  const writes = new Set<number>();
  visitStmts(kernel.body, (s) => {
    if (s.kind === 'store' && s.buffer >= 0) writes.add(s.buffer);
    for (const e of exprOrder(exprsOf(s)))
      if (e.op === 'load' && e.buffer >= 0) reads.add(e.buffer);
  });
  return { reads, writes };
}
