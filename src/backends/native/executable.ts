/** A compiled program with its memory: one native call a run. */
import { interpretOver } from '../../compiler/interpret.ts';
import type { Program } from '../../compiler/program.ts';
import { bytesOf, makeArray, viewArray } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { DeviceBuffer, Executable } from '../backend.ts';
import { type Block, type Memory, NativeBuffer } from './memory.ts';
import type { Address } from './runtime.ts';
import { execWords } from './runtime-source.ts';

/**
 * Memory that means nothing between runs, so that all executables of a backend share one arena and
 * one scratch area, as large as the largest needs.
 */
export class Workspace {
  readonly #memory: Memory;
  readonly #threads: number;
  arena: Block | undefined;
  scratch: Block | undefined;
  scratchStride = 0;
  /** Grows when a block has moved: tables that name it must be written again. */
  generation = 0;

  constructor(memory: Memory, threads: number) {
    this.#memory = memory;
    this.#threads = threads;
  }

  reserve(arenaBytes: number, scratchBytes: number): void {
    if (arenaBytes > (this.arena?.capacity ?? 0)) {
      const old = this.arena;
      this.arena = this.#memory.take(arenaBytes);
      if (old) this.#memory.give(old);
      this.generation++;
    }
    if (scratchBytes > this.scratchStride) {
      // Threads do not share a page, whatever they write.
      const stride = Math.ceil(scratchBytes / 4096) * 4096 + 64;
      const old = this.scratch;
      this.scratch = this.#memory.take(stride * this.#threads);
      this.scratchStride = stride;
      if (old) this.#memory.give(old);
      this.generation++;
    }
  }

  dispose(): void {
    if (this.arena) this.#memory.give(this.arena);
    if (this.scratch) this.#memory.give(this.scratch);
    this.arena = undefined;
    this.scratch = undefined;
    this.scratchStride = 0;
    this.generation++;
  }
}

export interface LoadedProgram {
  /** Address of `gradloom_run`; 0 for a program that is interpreted where its data lies. */
  readonly run: Address;
  readonly scratchBytes: number;
  /** Lets go of the library. */
  release(): void;
}

interface OutputPlan {
  readonly bytes: number;
  /** The input whose memory this output takes over, or -1. */
  readonly donatedFrom: number;
}

let runs = 0;

export class NativeExecutable implements Executable {
  readonly #name: string;
  readonly #memory: Memory;
  readonly #workspace: Workspace;
  readonly #loaded: LoadedProgram;
  readonly #arenaBytes: number;
  /** The exec structure of the runtime, and its contents as 32-bit words. */
  readonly #exec: Block;
  readonly #words: Int32Array;
  readonly #interpreted: Program | undefined;
  readonly #constants: Block | undefined;
  readonly #inputBytes: number[];
  readonly #outputs: OutputPlan[];
  readonly inPlace: readonly number[];
  readonly #donated: number[];
  readonly #isDonated: boolean[];
  /** Pairs (slot, word): where addresses go. */
  readonly #inputWords: number[] = [];
  readonly #outputWords: number[] = [];
  readonly #arenaWords: { word: number; offset: number }[] = [];
  readonly #blocks: Block[] = [];
  #generation = -1;
  #disposed = false;

  /** @param inputBytes what each input must hold (a program does not name inputs it never reads) */
  constructor(
    program: Program,
    loaded: LoadedProgram,
    memory: Memory,
    workspace: Workspace,
    team: Address,
    inputBytes: readonly (number | undefined)[],
    donate: readonly boolean[],
  ) {
    this.#name = program.name;
    this.#memory = memory;
    this.#workspace = workspace;
    this.#loaded = loaded;
    this.#interpreted = loaded.run === 0 ? program : undefined;
    this.#arenaBytes = program.arenaBytes;
    this.#inputBytes = Array.from({ length: program.inputs }, (_, i) => inputBytes[i] ?? -1);
    this.#outputs = Array.from({ length: program.outputs }, () => ({ bytes: 0, donatedFrom: -1 }));
    this.#isDonated = Array.from({ length: program.inputs }, (_, i) => donate[i] ?? false);
    workspace.reserve(program.arenaBytes, loaded.scratchBytes);

    const words = execWords.table + program.buffers.length;
    this.#exec = memory.take(words * 8);
    const bytes = this.#exec.bytes(memory.library);
    this.#words = new Int32Array(bytes.buffer, 0, words * 2);
    this.#words.fill(0);
    this.#put(execWords.run, loaded.run);
    this.#put(execWords.team, team);
    this.#put(execWords.cost, program.cost);

    const constantBytes = program.buffers.reduce(
      (n, b) => (b.place.kind === 'constant' ? n + Math.ceil(b.place.data.length / 64) * 64 : n),
      0,
    );
    if (constantBytes > 0) this.#constants = memory.take(constantBytes);
    let constantAt = 0;
    for (const [n, { place, length, dtype }] of program.buffers.entries()) {
      const word = (execWords.table + n) * 2;
      const size = length * bytesOf(dtype);
      switch (place.kind) {
        case 'input':
          this.#inputBytes[place.slot] = size;
          this.#inputWords.push(place.slot, word);
          break;
        case 'output':
          this.#outputs[place.slot] = { bytes: size, donatedFrom: place.donatedFrom ?? -1 };
          if (place.donatedFrom === undefined) {
            this.#outputWords.push(place.slot, word);
          } else {
            this.#inputBytes[place.donatedFrom] = size;
            this.#inputWords.push(place.donatedFrom, word);
            this.#isDonated[place.donatedFrom] = true;
          }
          break;
        case 'arena':
          this.#arenaWords.push({ word, offset: place.offset });
          break;
        case 'constant': {
          const block = this.#constants!;
          block.bytes(memory.library).set(place.data, constantAt);
          this.#put(execWords.table + n, block.address + constantAt);
          constantAt += Math.ceil(place.data.length / 64) * 64;
          break;
        }
      }
    }
    this.#donated = [...this.#isDonated.keys()].filter((i) => this.#isDonated[i]);
    this.inPlace = this.#outputs.map((o) => o.donatedFrom);
  }

  #put(word: number, value: number): void {
    this.#words[word * 2] = value | 0;
    this.#words[word * 2 + 1] = Math.floor(value / 2 ** 32);
  }

  run(
    inputs: readonly DeviceBuffer[],
    times = 1,
    places: readonly (DeviceBuffer | undefined)[] = [],
  ): DeviceBuffer[] {
    const blocks = this.#take(inputs);
    const words = this.#words;
    const workspace = this.#workspace;
    if (this.#generation !== workspace.generation) this.#place();
    const inputWords = this.#inputWords;
    for (let i = 0; i < inputWords.length; i += 2) {
      const block = blocks[inputWords[i]];
      const word = inputWords[i + 1];
      words[word] = block.low;
      words[word + 1] = block.high;
    }
    const memory = this.#memory;
    const plans = this.#outputs;
    const results = new Array<NativeBuffer>(plans.length);
    try {
      for (let i = 0; i < plans.length; i++) {
        if (plans[i].donatedFrom >= 0) continue;
        const place = places[i];
        results[i] = place ? this.#placed(i, place) : memory.buffer(plans[i].bytes);
      }
    } catch (e) {
      for (const r of results) r?.dispose();
      this.#returnCopies(inputs, blocks);
      throw e;
    }
    const outputWords = this.#outputWords;
    for (let i = 0; i < outputWords.length; i += 2) {
      const block = results[outputWords[i]].block!;
      const word = outputWords[i + 1];
      words[word] = block.low;
      words[word + 1] = block.high;
    }

    if (!this.#interpreted) memory.library.run(this.#exec.address, times);
    else for (let i = 0; i < times; i++) this.#interpret(this.#interpreted);

    for (let i = 0; i < plans.length; i++) {
      const from = plans[i].donatedFrom;
      if (from < 0) continue;
      const block = blocks[from];
      const input = inputs[from] as NativeBuffer;
      // A copy was made for an input given twice; then this buffer's own block is not the result.
      if (input.block === block) input.release();
      results[i] = memory.adopt(block, plans[i].bytes);
    }
    for (const i of this.#donated) inputs[i].dispose();
    blocks.length = 0;
    return results;
  }

  /** The place that output `i` is to be put in, checked. */
  #placed(i: number, place: DeviceBuffer): NativeBuffer {
    const { bytes } = this.#outputs[i];
    if (place instanceof NativeBuffer && place.block && place.byteLength === bytes) return place;
    throw new GradloomError(
      'buffer-size',
      `Output ${i} of ${this.#name} takes ${bytes} bytes of native memory and was given a place of ${place.byteLength}.`,
      { output: i, expected: bytes, received: place.byteLength },
    );
  }

  /** Runs the program in JavaScript, over the same memory and the same table of addresses. */
  #interpret(program: Program): void {
    const { library } = this.#memory;
    const views = program.buffers.map(({ dtype, length }, n) => {
      if (length === 0) return makeArray(dtype, 0);
      const word = (execWords.table + n) * 2;
      const address = (this.#words[word] >>> 0) + this.#words[word + 1] * 2 ** 32;
      return viewArray(dtype, library.view(address, length * bytesOf(dtype)), 0, length);
    });
    interpretOver(program, views);
  }

  /** The memory of the inputs, each checked. */
  #take(inputs: readonly DeviceBuffer[]): Block[] {
    if (this.#disposed)
      throw new GradloomError('disposed', `The executable ${this.#name} has been disposed of.`);
    const expected = this.#inputBytes;
    if (inputs.length !== expected.length) {
      throw new GradloomError(
        'inputs',
        `${this.#name} takes ${expected.length} inputs and was given ${inputs.length}.`,
        { expected: expected.length, received: inputs.length },
      );
    }
    const stamp = ++runs;
    const blocks = this.#blocks;
    let repeated = false;
    for (let i = 0; i < expected.length; i++) {
      const b = inputs[i];
      if (!(b instanceof NativeBuffer) || b.memory !== this.#memory || b.block === undefined)
        throw this.#refuse(i, b);
      if (b.byteLength !== expected[i] && expected[i] >= 0) throw this.#refuse(i, b);
      if (b.seen === stamp) repeated = true;
      b.seen = stamp;
      blocks[i] = b.block;
    }
    if (repeated && this.#donated.length > 0) this.#copyRepeated(inputs, blocks);
    return blocks;
  }

  /** An input that is overwritten must not be seen through another input as well. */
  #copyRepeated(inputs: readonly DeviceBuffer[], blocks: Block[]): void {
    for (const i of this.#donated) {
      const b = inputs[i] as NativeBuffer;
      if (inputs.indexOf(b) === i && inputs.lastIndexOf(b) === i) continue;
      const copy = this.#memory.take(b.byteLength);
      copy.bytes(this.#memory.library).set(b.bytes());
      blocks[i] = copy;
    }
  }

  /** After a failure: gives back what #copyRepeated took. */
  #returnCopies(inputs: readonly DeviceBuffer[], blocks: Block[]): void {
    for (const i of this.#donated) {
      if ((inputs[i] as NativeBuffer).block !== blocks[i]) this.#memory.give(blocks[i]);
    }
  }

  #refuse(i: number, b: DeviceBuffer): GradloomError {
    const facts = { input: i, expected: this.#inputBytes[i], received: b?.byteLength };
    if (!(b instanceof NativeBuffer) || b.memory !== this.#memory) {
      return new GradloomError(
        'inputs',
        `Input ${i} of ${this.#name} is not a buffer of this backend. Upload it here first.`,
        facts,
      );
    }
    if (b.block === undefined) {
      return new GradloomError(
        'disposed',
        `Input ${i} of ${this.#name} has been disposed of (a donated buffer cannot be used again).`,
        facts,
      );
    }
    return new GradloomError(
      'inputs',
      `Input ${i} of ${this.#name} must hold ${this.#inputBytes[i]} bytes and holds ${b.byteLength}.`,
      facts,
    );
  }

  /** Writes the addresses of the workspace, which has moved. */
  #place(): void {
    const workspace = this.#workspace;
    workspace.reserve(this.#arenaBytes, this.#loaded.scratchBytes);
    const arena = workspace.arena?.address ?? 0;
    for (const { word, offset } of this.#arenaWords) this.#put(word / 2, arena + offset);
    this.#put(execWords.scratch, workspace.scratch?.address ?? 0);
    this.#put(execWords.scratchStride, workspace.scratchStride);
    this.#generation = workspace.generation;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#memory.give(this.#exec);
    if (this.#constants) this.#memory.give(this.#constants);
    this.#loaded.release();
  }
}
