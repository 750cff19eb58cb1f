/** A program on the device: a run is one submission of commands, but for loops that ask the host. */
import { roomOf } from '../../codegen/wgsl/memory.ts';
import type { Program } from '../../compiler/program.ts';
import { bytesOf } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { DeviceBuffer, Executable } from '../backend.ts';
import { mapped, type Shared, WebgpuBuffer, wholeWords } from './buffer.ts';
import { type Block, usage } from './device.ts';
import { Recorder } from './recorder.ts';
import { type Dispatch, type Source, type Task, type Tasks, waits } from './tasks.ts';
import type { Workspace } from './workspace.ts';

interface Range {
  readonly block: Block;
  readonly offset: number;
  readonly size: number;
}

/** The memory of one run. */
interface Run {
  /** Blocks by the program's inputs and outputs. */
  readonly inputs: readonly Block[];
  readonly outputs: readonly Block[];
  /** Indices of the loops around, outermost first. */
  readonly steps: number[];
  readonly recorder: Recorder;
}

interface Output {
  readonly bytes: number;
  /** The input whose memory it takes over, or -1. */
  readonly donatedFrom: number;
}

/** Bind groups that a kernel remembers. */
const mostGroups = 16;
/** Rounds of a loop between two looks of the host, at most. */
const mostRounds = 32;

export class WebgpuExecutable implements Executable {
  readonly #program: Program;
  readonly #shared: Shared;
  readonly #workspace: Workspace;
  readonly #tasks: Tasks;
  readonly #constants = new Map<number, Block>();
  readonly #gates: Block[];
  readonly #inputBytes: readonly number[];
  readonly #outputs: Output[];
  readonly #donated: readonly number[];
  readonly #waits: boolean;
  #disposed = false;

  constructor(
    program: Program,
    tasks: Tasks,
    shared: Shared,
    workspace: Workspace,
    inputBytes: readonly number[],
    donate: readonly boolean[],
  ) {
    this.#program = program;
    this.#tasks = tasks;
    this.#shared = shared;
    this.#workspace = workspace;
    this.#inputBytes = inputBytes;
    this.#waits = waits(tasks.tasks);
    const { device } = shared;
    this.#outputs = Array.from({ length: program.outputs }, () => ({ bytes: 0, donatedFrom: -1 }));
    const donated = new Set(donate.flatMap((d, i) => (d ? [i] : [])));
    program.buffers.forEach(({ place, length, dtype }, n) => {
      const bytes = length * bytesOf(dtype);
      if (place.kind === 'output') {
        this.#outputs[place.slot] = { bytes, donatedFrom: place.donatedFrom ?? -1 };
        if (place.donatedFrom !== undefined) donated.add(place.donatedFrom);
      } else if (place.kind === 'constant') {
        const flags = usage.storage | usage.copySource | usage.copyTarget;
        const block = device.create(wholeWords(bytes), flags, 'A constant');
        const data = new Uint8Array(wholeWords(bytes));
        data.set(place.data);
        device.gpu.queue.writeBuffer(block.gpu, 0, data);
        this.#constants.set(n, block);
      }
    });
    this.#donated = [...donated];
    this.#gates = tasks.gateWords.map((words) =>
      device.create(
        Math.max(16, words * 4),
        usage.storage | usage.indirect | usage.copySource,
        'The gates of a program',
      ),
    );
    if (tasks.longest > 0) device.reserveNumbers(tasks.longest);
  }

  run(inputs: readonly DeviceBuffer[]): DeviceBuffer[] {
    const { device, data, timeline } = this.#shared;
    device.check();
    this.#check(inputs);
    const given = inputs.map((b) => (b as WebgpuBuffer).block);
    const copies = this.#copyRepeated(inputs, given);
    const outputs = this.#outputs.map(({ bytes, donatedFrom }) =>
      donatedFrom < 0 ? data.take(wholeWords(bytes), 'A result') : given[donatedFrom],
    );
    const run: Run = { inputs: given, outputs, steps: [], recorder: new Recorder(device) };
    const start = (): void => {
      this.#workspace.reserve(this.#program.arenaBytes + this.#tasks.stagedBytes);
      for (const { from, to } of copies) run.recorder.copy(from.gpu, 0, to.gpu, 0, from.bytes);
    };
    const { tasks } = this.#tasks;
    if (this.#waits) {
      timeline.wait(async () => {
        start();
        await this.#walk(tasks, run);
        run.recorder.submit();
      });
    } else {
      try {
        timeline.do(() => {
          start();
          this.#record(tasks, run);
          run.recorder.submit();
        });
      } catch (error) {
        this.#outputs.forEach(({ donatedFrom }, i) => {
          if (donatedFrom < 0) data.give(outputs[i]);
        });
        for (const { to } of copies) data.give(to);
        throw error;
      }
    }
    const results = this.#outputs.map(({ bytes, donatedFrom }, i) => {
      // A copy that took the place of a repeated input has no owner yet; the input itself does.
      const b = donatedFrom < 0 ? undefined : (inputs[donatedFrom] as WebgpuBuffer);
      if (b && b.block === outputs[i]) b.release();
      return new WebgpuBuffer(this.#shared, outputs[i], bytes);
    });
    for (const i of this.#donated) inputs[i].dispose();
    return results;
  }

  /** Donated inputs whose buffer is given for another input too get a copy, which is written over. */
  #copyRepeated(inputs: readonly DeviceBuffer[], given: Block[]): { from: Block; to: Block }[] {
    const copies: { from: Block; to: Block }[] = [];
    for (const { donatedFrom: i } of this.#outputs) {
      if (i < 0 || inputs.indexOf(inputs[i]) === inputs.lastIndexOf(inputs[i])) continue;
      const to = this.#shared.data.take(given[i].bytes, 'A donated input');
      copies.push({ from: given[i], to });
      given[i] = to;
    }
    return copies;
  }

  /** Records tasks that ask nothing of the host. */
  #record(tasks: readonly Task[], run: Run): void {
    for (const t of tasks) {
      if (t.kind === 'dispatch') this.#dispatch(t, run);
      else if (t.kind === 'loop') {
        const level = run.steps.length;
        for (let i = 0; i < t.extent; i++) {
          run.steps[level] = i;
          this.#record(t.tasks, run);
        }
        run.steps.length = level;
      }
    }
  }

  async #walk(tasks: readonly Task[], run: Run): Promise<void> {
    for (const t of tasks) {
      if (t.kind === 'while') await this.#while(t, run);
      else if (t.kind === 'loop' && t.waits) {
        const level = run.steps.length;
        for (let i = 0; i < t.extent; i++) {
          run.steps[level] = i;
          await this.#walk(t.tasks, run);
        }
        run.steps.length = level;
      } else this.#record([t], run);
    }
  }

  /** Some rounds, of which those beyond the last do nothing; then a look whether that was all. */
  async #while(t: Extract<Task, { kind: 'while' }>, run: Run): Promise<void> {
    const { device, staging } = this.#shared;
    const [gate] = t.tasks;
    const inner = waits(t.tasks);
    for (let rounds = 1; ; rounds = Math.min(2 * rounds, mostRounds)) {
      for (let r = 0; r < rounds; r++) {
        if (inner) await this.#walk(t.tasks, run);
        else this.#record(t.tasks, run);
      }
      this.#record([gate], run);
      const target = staging.take(4, 'The state of a loop');
      run.recorder.copy(this.#gates[t.flag.depth].gpu, t.flag.word * 4, target.gpu, 0, 4);
      run.recorder.submit();
      const [flag] = await mapped(device, target, 4);
      staging.give(target);
      if (flag === 0) return;
    }
  }

  #dispatch(d: Dispatch, run: Run): void {
    const { recorder, steps } = run;
    for (const { buffer, offset } of d.staged) this.#stage(buffer, offset, run, true);
    const { pass } = recorder;
    pass.setPipeline(d.pipeline);
    const { device } = this.#shared;
    const offsets = Array.from({ length: d.levels }, (_, i) => device.numberOffset(steps[i]));
    pass.setBindGroup(0, this.#bindGroup(d, run), offsets);
    if (d.behind)
      pass.dispatchWorkgroupsIndirect(this.#gates[d.behind.depth].gpu, d.behind.word * 4);
    else pass.dispatchWorkgroups(...d.groups);
    for (const { buffer, offset, write } of d.staged)
      if (write) this.#stage(buffer, offset, run, false);
  }

  #stage(buffer: number, offset: number, run: Run, into: boolean): void {
    const from = this.#range({ kind: 'buffer', buffer }, run);
    const to = this.#workspace.at(offset);
    const [a, b] = into ? [from, to] : [to, from];
    run.recorder.copy(a.block.gpu, a.offset, b.block.gpu, b.offset, from.size);
  }

  #bindGroup(d: Dispatch, run: Run): GPUBindGroup {
    const ranges = d.sources.map((s) => this.#range(s, run));
    let key = '';
    for (const r of ranges) key += `${r.block.id},`;
    let group = d.cache.get(key);
    if (!group) {
      if (d.cache.size >= mostGroups) d.cache.clear();
      group = this.#shared.device.bindGroup(d.types, ranges);
      d.cache.set(key, group);
    }
    return group;
  }

  #range(s: Source, run: Run): Range {
    switch (s.kind) {
      case 'index':
        return { block: this.#shared.device.numbers, offset: 0, size: 16 };
      case 'gates': {
        const block = this.#gates[s.depth];
        return { block, offset: 0, size: block.bytes };
      }
      case 'arena': {
        const { block } = this.#workspace.at(0);
        return { block, offset: 0, size: block.bytes };
      }
      case 'buffer': {
        const decl = this.#program.buffers[s.buffer];
        const size = roomOf(decl);
        const { place } = decl;
        switch (place.kind) {
          case 'input':
            return { block: run.inputs[place.slot], offset: 0, size };
          case 'output':
            return { block: run.outputs[place.slot], offset: 0, size };
          case 'arena':
            return { ...this.#workspace.at(place.offset), size };
          case 'constant':
            return { block: this.#constants.get(s.buffer)!, offset: 0, size };
        }
      }
    }
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
    inputs.forEach((b, i) => {
      if (!(b instanceof WebgpuBuffer) || b.shared !== this.#shared) {
        throw new GradloomError(
          'inputs',
          `Input ${i} of "${name}" is not a buffer of this backend. Upload it here first.`,
          { input: i },
        );
      }
      if (b.disposed) {
        throw new GradloomError(
          'disposed',
          `Input ${i} of "${name}" has been disposed of (a donated buffer cannot be used again).`,
          { input: i },
        );
      }
      if (b.byteLength !== expected[i]) {
        throw new GradloomError(
          'inputs',
          `Input ${i} of "${name}" must hold ${expected[i]} bytes; received ${b.byteLength}.`,
          { input: i, expected: expected[i], received: b.byteLength },
        );
      }
    });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#shared.timeline.do(() => {
      for (const b of [...this.#constants.values(), ...this.#gates]) b.gpu.destroy();
    });
  }
}
