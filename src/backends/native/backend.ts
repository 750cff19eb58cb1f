/** The native backend: programs as machine code made by the system's C compiler. */
import { cpus, platform } from 'node:os';
import { printC } from '../../codegen/c/printer.ts';
import { debugging, dump } from '../../compiler/debug.ts';
import { lowerGraph } from '../../compiler/lower.ts';
import type { CpuTarget, Program } from '../../compiler/program.ts';
import { bytesOf } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { sizeOf } from '../../shape.ts';
import type { Backend, CompileOptions, DeviceBuffer, Executable } from '../backend.ts';
import { hashOf } from './cache.ts';
import { CompileError, runCompiler } from './compiler.ts';
import { type LoadedProgram, NativeExecutable, Workspace } from './executable.ts';
import { Memory, type NativeBuffer } from './memory.ts';
import { type Plan, planKey, readPlan, writePlan } from './plans.ts';
import type { Address, Runtime } from './runtime.ts';
import { nativeTarget } from './target.ts';
import { defaultThreads } from './threads.ts';
import { CopiedExecutable, chooseTier, PromotedExecutable } from './tier.ts';

export interface NativeBackendOptions {
  /** Threads a program may use, the caller's among them. Default: the cores of this machine. */
  readonly threads?: number;
  /** Lowering parameters other than the processor's own; for tests and experiments. */
  readonly target?: Partial<CpuTarget>;
  /** For one program. */
  readonly timeoutMs?: number;
  /**
   * Another CPU backend, made when first needed: for small one-off graphs, and for programs that
   * the C compiler fails on. Without it every graph is compiled to C, and a failure is an error.
   */
  readonly small?: () => Backend;
  /** `cc` compiles small graphs to C too; default GRADLOOM_NATIVE_TIER, else `auto`. */
  readonly tier?: 'auto' | 'cc';
  readonly warn?: (message: string) => void;
}

/** Units of a program that are compiled at the same time: through the shell, so not on Windows. */
const compilersAtOnce = platform() === 'win32' ? 1 : Math.min(4, cpus().length);

/** Large programs on slow machines: minutes would be a fault, but seconds are not. */
const compileTimeoutMs = 120_000;

function inputBytes(graph: Graph): number[] {
  return graph.inputs.map((v) => sizeOf(v.shape) * bytesOf(v.dtype));
}

interface Library {
  readonly handle: Address;
  readonly run: Address;
  users: number;
}

export class NativeBackend implements Backend {
  readonly name = 'native';
  readonly sync = true;
  readonly runtime: Runtime;
  readonly target: CpuTarget;
  readonly threads: number;
  readonly #memory: Memory;
  readonly #workspace: Workspace;
  readonly #libraries = new Map<string, Library>();
  readonly #timeoutMs: number;
  readonly #makeSmall: (() => Backend) | undefined;
  readonly #tier: 'auto' | 'cc';
  readonly #warn: (message: string) => void;
  #small: Backend | undefined;
  #warned = false;
  #team: Address | undefined;
  #disposed = false;

  constructor(runtime: Runtime, options: NativeBackendOptions = {}) {
    this.runtime = runtime;
    this.target = { ...nativeTarget(runtime.isa), ...options.target };
    this.threads = Math.max(1, Math.floor(options.threads ?? defaultThreads()));
    this.#memory = new Memory(runtime.library);
    this.#workspace = new Workspace(this.#memory, this.threads);
    this.#timeoutMs = options.timeoutMs ?? compileTimeoutMs;
    this.#makeSmall = options.small;
    this.#tier = options.tier ?? (process.env.GRADLOOM_NATIVE_TIER === 'cc' ? 'cc' : 'auto');
    this.#warn = options.warn ?? ((message) => console.warn(`gradloom: ${message}`));
  }

  allocate(byteLength: number): DeviceBuffer {
    if (!Number.isSafeInteger(byteLength) || byteLength < 0) {
      throw new GradloomError('memory', `Cannot allocate ${byteLength} bytes.`, { byteLength });
    }
    return this.#memory.buffer(byteLength);
  }

  part(whole: DeviceBuffer, start: number, byteLength: number): DeviceBuffer {
    return (whole as NativeBuffer).part(start, byteLength);
  }

  compile(graph: Graph, options: CompileOptions = {}): Executable {
    if (this.#tier === 'auto' && !options.optimize) {
      const { place, operations } = chooseTier(graph, this.#makeSmall !== undefined);
      // Compiled later, when the values of this graph may have let go of their inputs.
      const kept = graph.copy();
      const later = (): Executable => this.#native(kept, options);
      if (place === 'copied') {
        const start = new CopiedExecutable(this, this.#other(), graph, options);
        return new PromotedExecutable(start, operations, later);
      }
      if (place === 'interpreted') {
        return new PromotedExecutable(this.#interpret(graph, options), operations, later);
      }
    }
    return this.#native(graph, options);
  }

  /** Through C; on the other backend when the compiler fails, saying so once. */
  #native(graph: Graph, options: CompileOptions): Executable {
    // Who wants to see the stages wants them to happen.
    const key = debugging() ? undefined : this.#planKey(graph, options);
    const known = key && this.#planned(key, graph, options);
    if (known) return known;
    const program = this.#lower(graph, options);
    try {
      return this.loadProgram(program, options.donate, inputBytes(graph), key);
    } catch (e) {
      const failed = e instanceof GradloomError && e.code === 'native-compile';
      if (!failed || !this.#makeSmall) throw e;
      if (!this.#warned) this.#warn(`${e.message} Such programs run on WebAssembly, more slowly.`);
      this.#warned = true;
      return new CopiedExecutable(this, this.#other(), graph, options);
    }
  }

  #planKey(graph: Graph, { donate, flushSubnormals }: CompileOptions): string | undefined {
    const { identity } = this.runtime;
    const how = [JSON.stringify(this.target), `${compilersAtOnce}`, `${flushSubnormals}`];
    return planKey(graph, donate, [...identity, ...how]);
  }

  /** A program that was compiled before, without lowering and printing it. */
  #planned(key: string, graph: Graph, options: CompileOptions): Executable | undefined {
    try {
      const text = this.runtime.cache.note(key);
      const plan = text === undefined ? undefined : readPlan(text);
      const library = plan && this.#find(plan.library);
      if (!library) return undefined;
      const program = { ...plan.program, name: options.name ?? graph.name, steps: [] };
      return this.#executable(program, library, plan, options.donate ?? [], inputBytes(graph));
    } catch {
      // Whatever is wrong with it: the program is compiled anew.
      return undefined;
    }
  }

  #interpret(graph: Graph, options: CompileOptions): Executable {
    const program = this.#lower(graph, options);
    const loaded = { run: 0, scratchBytes: 0, release: () => {} };
    const { donate = [] } = options;
    return new NativeExecutable(
      program,
      loaded,
      this.#memory,
      this.#workspace,
      0,
      inputBytes(graph),
      donate,
    );
  }

  #lower(graph: Graph, { name, donate, flushSubnormals = false }: CompileOptions): Program {
    return lowerGraph(graph, {
      target: this.target,
      flushSubnormals,
      ...(name !== undefined && { name }),
      ...(donate && { donate }),
    });
  }

  #other(): Backend {
    this.#small ??= this.#makeSmall!();
    return this.#small;
  }

  /** The lower half of `compile`: from a program to machine code. A plan is kept under `key`. */
  loadProgram(
    program: Program,
    donate: readonly boolean[] = [],
    inputBytes: readonly number[] = [],
    key?: string,
  ): Executable {
    if (this.#disposed) throw new GradloomError('disposed', 'The native backend is disposed of.');
    const source = printC(program, this.target, compilersAtOnce);
    dump('c', () => `--- ${program.name}: C\n${source.text}`);
    const libraryKey = hashOf([...this.runtime.identity, ...source.units]);
    const library = this.#load(program.name, libraryKey, source.units);
    if (key !== undefined)
      this.runtime.cache.keepNote(key, writePlan({ ...source, library: libraryKey, program }));
    return this.#executable(program, library, source, donate, inputBytes);
  }

  #executable(
    program: Program,
    library: Library,
    source: Pick<Plan, 'scratchBytes' | 'threaded'>,
    donate: readonly boolean[],
    inputBytes: readonly number[],
  ): Executable {
    const loaded: LoadedProgram = {
      run: library.run,
      scratchBytes: source.scratchBytes,
      release: () => this.#release(library),
    };
    const team = source.threaded ? this.#startTeam() : 0;
    return new NativeExecutable(
      program,
      loaded,
      this.#memory,
      this.#workspace,
      team,
      inputBytes,
      donate,
    );
  }

  /** A library that is loaded or lies in the cache. */
  #find(key: string): Library | undefined {
    let library = this.#libraries.get(key);
    if (library) library.users++;
    else {
      library = this.runtime.cache.find(key, (path) => this.#open(path));
      if (library) this.#libraries.set(key, library);
    }
    return library;
  }

  #load(name: string, key: string, source: readonly string[]): Library {
    const { runtime } = this;
    const known = this.#libraries.get(key);
    if (known) {
      known.users++;
      return known;
    }
    try {
      const library = runtime.cache.get(key, {
        build: (output, tempDir) =>
          runCompiler(runtime.compiler, {
            source,
            output,
            flags: runtime.flags,
            tempDir,
            timeoutMs: this.#timeoutMs,
          }),
        load: (path) => this.#open(path),
      });
      this.#libraries.set(key, library);
      return library;
    } catch (e) {
      if (!(e instanceof CompileError)) throw e;
      throw new GradloomError(
        'native-compile',
        `The C code of ${name} could not be compiled: ${e.message}.`,
        { program: name, compiler: runtime.compiler.name },
        { cause: e },
      );
    }
  }

  #open(path: string): Library {
    const { library } = this.runtime;
    const handle = library.open(path);
    if (handle === 0) {
      throw new CompileError(
        `${this.runtime.compiler.name} made a library that does not load: ${library.error()}`,
      );
    }
    const run = library.symbol(handle, 'gradloom_run');
    if (run === 0) {
      library.close(handle);
      throw new CompileError(`${this.runtime.compiler.name} made a library without its entry`);
    }
    return { handle, run, users: 1 };
  }

  #release(library: Library): void {
    if (--library.users > 0) return;
    for (const [key, l] of this.#libraries) if (l === library) this.#libraries.delete(key);
    this.runtime.library.close(library.handle);
  }

  #startTeam(): Address {
    this.#team ??= this.threads > 1 ? this.runtime.library.team(this.threads) : 0;
    return this.#team;
  }

  memory(): { readonly buffers: number; readonly bytes: number } {
    return this.#memory.usage();
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    if (this.#team) this.runtime.library.teamFree(this.#team);
    this.#team = undefined;
    this.#small?.dispose();
    this.#workspace.dispose();
    this.#memory.trim();
  }
}
