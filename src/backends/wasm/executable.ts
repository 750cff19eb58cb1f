/** A program loaded over a heap: one call a run. */
import type { Program } from '../../compiler/program.ts';
import { bytesOf } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { DeviceBuffer, Executable } from '../backend.ts';
import { type Totals, WasmBuffer } from './buffer.ts';
import type { Heap } from './heap.ts';
import type { SharedProgram, Threads } from './threads.ts';

/**
 * Memory that means nothing between runs: all programs of a backend share one arena and one scratch
 * area, as large as the largest needs.
 */
export class Workspace {
  readonly #heap: Heap;
  readonly #threads: number;
  #arenaBytes = 0;
  #scratchBytes = 0;
  arena = 0;
  scratch = 0;
  /** Grows whenever something moves, and addresses must be written anew. */
  generation = 0;

  constructor(heap: Heap, threads: number) {
    this.#heap = heap;
    this.#threads = threads;
  }

  reserve(arenaBytes: number, scratchBytes: number): void {
    if (arenaBytes > this.#arenaBytes) {
      if (this.#arenaBytes > 0) this.#heap.give(this.arena);
      this.#arenaBytes = 0;
      this.generation++;
      this.arena = this.#heap.take(arenaBytes);
      this.#arenaBytes = arenaBytes;
    }
    if (scratchBytes > this.#scratchBytes) {
      if (this.#scratchBytes > 0) this.#heap.give(this.scratch);
      this.#scratchBytes = 0;
      this.generation++;
      this.scratch = this.#heap.take(scratchBytes * this.#threads);
      this.#scratchBytes = scratchBytes;
    }
  }
}

export interface Loaded extends SharedProgram {
  readonly scratchBytes: number;
  /** Present when threads share the work; `id` is the program's number among them. */
  readonly threads?: { readonly pool: Threads; readonly id: number };
}

interface Output {
  readonly bytes: number;
  /** The input whose memory it takes over, or -1. */
  readonly donatedFrom: number;
}

export class WasmExecutable implements Executable {
  readonly #program: Program;
  readonly #loaded: Loaded;
  readonly #heap: Heap;
  readonly #workspace: Workspace;
  readonly #totals: Totals;
  /** Address of the table of addresses. */
  readonly #table: number;
  readonly #constants: number[] = [];
  /** Bytes of each input; -1 where the program never looks at it. */
  readonly #inputBytes: number[];
  readonly #outputs: Output[];
  readonly inPlace: readonly number[];
  readonly #donated: readonly number[];
  /** Pairs (slot, entry of the table). */
  readonly #inputEntries: number[] = [];
  readonly #outputEntries: number[] = [];
  readonly #arenaEntries: number[] = [];
  #generation = -1;
  #disposed = false;

  constructor(
    program: Program,
    loaded: Loaded,
    heap: Heap,
    workspace: Workspace,
    totals: Totals,
    inputBytes: readonly number[] | undefined,
    donate: readonly boolean[],
  ) {
    this.#program = program;
    this.#loaded = loaded;
    this.#heap = heap;
    this.#workspace = workspace;
    this.#totals = totals;
    this.#inputBytes = Array.from({ length: program.inputs }, (_, i) => inputBytes?.[i] ?? -1);
    this.#outputs = Array.from({ length: program.outputs }, () => ({ bytes: 0, donatedFrom: -1 }));
    const donated = new Set(donate.flatMap((d, i) => (d ? [i] : [])));
    workspace.reserve(program.arenaBytes, loaded.scratchBytes);
    this.#table = heap.take(4 * (program.buffers.length + 1));
    program.buffers.forEach(({ place, length, dtype }, n) => {
      const bytes = length * bytesOf(dtype);
      switch (place.kind) {
        case 'input':
          this.#inputBytes[place.slot] = bytes;
          this.#inputEntries.push(place.slot, n);
          break;
        case 'output': {
          const from = place.donatedFrom;
          this.#outputs[place.slot] = { bytes, donatedFrom: from ?? -1 };
          if (from === undefined) this.#outputEntries.push(place.slot, n);
          else {
            donated.add(from);
            this.#inputBytes[from] = bytes;
            this.#inputEntries.push(from, n);
          }
          break;
        }
        case 'arena':
          this.#arenaEntries.push(place.offset, n);
          break;
        case 'constant': {
          const address = heap.take(bytes);
          this.#constants.push(address);
          heap.bytes.set(place.data, address);
          heap.words[(this.#table >> 2) + n] = address;
          break;
        }
      }
    });
    this.#donated = [...donated];
    this.inPlace = this.#outputs.map((o) => o.donatedFrom);
  }

  run(inputs: readonly DeviceBuffer[], times = 1): DeviceBuffer[] {
    this.#check(inputs);
    const heap = this.#heap;
    if (this.#generation !== this.#workspace.generation) this.#place();
    const repeated = this.#donated.length > 0 ? this.#copyRepeated(inputs) : undefined;
    const results: WasmBuffer[] = new Array(this.#outputs.length);
    try {
      for (let i = 0; i < this.#outputs.length; i++) {
        const { bytes, donatedFrom } = this.#outputs[i];
        if (donatedFrom < 0)
          results[i] = new WasmBuffer(heap, heap.take(bytes), bytes, this.#totals);
      }
      // Only now: taking memory may have replaced the view.
      const { words } = heap;
      const table = this.#table >>> 2;
      const ins = this.#inputEntries;
      for (let i = 0; i < ins.length; i += 2)
        words[table + ins[i + 1]] = repeated?.get(ins[i]) ?? (inputs[ins[i]] as WasmBuffer).address;
      const outs = this.#outputEntries;
      for (let i = 0; i < outs.length; i += 2)
        words[table + outs[i + 1]] = results[outs[i]].address;
      const { threads } = this.#loaded;
      for (let i = 0; i < times; i++) {
        if (threads) threads.pool.run(threads.id, this.#loaded, this.#table);
        else this.#loaded.run(this.#table, 0, 0, 1, 0);
      }
    } catch (error) {
      for (const r of results) r?.dispose();
      for (const copy of repeated?.values() ?? []) heap.give(copy);
      throw error;
    }
    for (let i = 0; i < this.#outputs.length; i++) {
      const { bytes, donatedFrom } = this.#outputs[i];
      if (donatedFrom < 0) continue;
      const address = repeated?.get(donatedFrom) ?? (inputs[donatedFrom] as WasmBuffer).release();
      results[i] = new WasmBuffer(heap, address, bytes, this.#totals);
    }
    for (const i of this.#donated) inputs[i].dispose();
    return results;
  }

  /** Copies of donated inputs whose buffer is given for another input too, which must not see the writes. */
  #copyRepeated(inputs: readonly DeviceBuffer[]): Map<number, number> | undefined {
    let copies: Map<number, number> | undefined;
    for (const { donatedFrom } of this.#outputs) {
      if (donatedFrom < 0) continue;
      const b = inputs[donatedFrom] as WasmBuffer;
      if (inputs.indexOf(b) === inputs.lastIndexOf(b)) continue;
      const copy = this.#heap.take(b.byteLength);
      this.#heap.bytes.copyWithin(copy, b.address, b.address + b.byteLength);
      copies ??= new Map();
      copies.set(donatedFrom, copy);
    }
    return copies;
  }

  #check(inputs: readonly DeviceBuffer[]): void {
    const { name } = this.#program;
    if (this.#disposed)
      throw new GradloomError('disposed', `The executable "${name}" has been disposed of.`);
    const expected = this.#inputBytes;
    if (inputs.length !== expected.length) {
      throw new GradloomError(
        'inputs',
        `"${name}" takes ${expected.length} inputs; received ${inputs.length}.`,
        { expected: expected.length, received: inputs.length },
      );
    }
    for (let i = 0; i < inputs.length; i++) {
      const b = inputs[i];
      if (!(b instanceof WasmBuffer) || b.heap !== this.#heap) {
        throw new GradloomError(
          'inputs',
          `Input ${i} of "${name}" is not a buffer of this backend. Upload it here first.`,
          { input: i },
        );
      }
      if (b.address < 0) {
        throw new GradloomError(
          'disposed',
          `Input ${i} of "${name}" has been disposed of (a donated buffer cannot be used again).`,
          { input: i },
        );
      }
      if (b.byteLength !== expected[i] && expected[i] >= 0) {
        throw new GradloomError(
          'inputs',
          `Input ${i} of "${name}" must hold ${expected[i]} bytes; received ${b.byteLength}.`,
          { input: i, expected: expected[i], received: b.byteLength },
        );
      }
    }
  }

  /** Writes the addresses of the workspace, which has moved. */
  #place(): void {
    const workspace = this.#workspace;
    const { words } = this.#heap;
    const table = this.#table >>> 2;
    const arena = this.#arenaEntries;
    for (let i = 0; i < arena.length; i += 2)
      words[table + arena[i + 1]] = workspace.arena + arena[i];
    words[table + this.#program.buffers.length] = workspace.scratch;
    this.#generation = workspace.generation;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const address of this.#constants) this.#heap.give(address);
    this.#heap.give(this.#table);
    const { threads } = this.#loaded;
    threads?.pool.remove(threads.id);
  }
}
