/** The C compiler of the system: finding it, naming its flags, running it. Knows no cache. */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import { delimiter, isAbsolute, join, resolve } from 'node:path';

export interface Compiler {
  /** As the user wrote it: `gcc`, `/usr/bin/clang`, `ccache gcc`. */
  readonly name: string;
  readonly path: string;
  /** Arguments that came with the name. */
  readonly args: readonly string[];
  /** Changes when the compiler is replaced, without having to run it. */
  readonly identity: string;
  /** Clang by its name; a clang that calls itself cc is found out by the flags it refuses. */
  readonly clang: boolean;
}

export interface Search {
  readonly found: readonly Compiler[];
  /** Names that were looked for and not found. */
  readonly missing: readonly string[];
}

/**
 * Compilers to try, best first. A compiler asked for by `cc` or GRADLOOM_CC is the only candidate:
 * silently taking another one would hide the mistake.
 */
export function findCompilers(
  cc: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Search {
  const asked = cc ?? env.GRADLOOM_CC;
  const names = asked ? [asked] : [env.CC, 'cc', 'gcc', 'clang'].filter((n) => n !== undefined);
  const found: Compiler[] = [];
  const missing: string[] = [];
  for (const name of names) {
    const [program, ...args] = name.trim().split(/\s+/);
    const path = which(program, env);
    if (path === undefined) {
      missing.push(name);
      continue;
    }
    const real = realpathSync(path);
    const s = statSync(real);
    const identity = `${path} ${real} ${args.join(' ')} ${s.size} ${s.mtimeMs}`;
    if (!found.some((c) => c.identity === identity))
      found.push({ name, path, args, identity, clang: /clang/.test(real) });
  }
  return { found, missing };
}

function which(program: string, env: NodeJS.ProcessEnv): string | undefined {
  if (!program) return undefined;
  const places =
    isAbsolute(program) || program.includes('/')
      ? [resolve(program)]
      : (env.PATH ?? '').split(delimiter).map((dir) => join(dir || '.', program));
  for (const place of places) {
    try {
      if (!statSync(place).isFile()) continue;
      accessSync(place, constants.X_OK);
      // Not its real path: ccache and other wrappers act on the name they are called by.
      return place;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/**
 * Flag sets in order of preference; the first that a compiler accepts is used. None of them may
 * change the meaning of NaN, infinities or signed zeros, nor how an operation rounds, so no
 * -ffast-math and no contraction (tiles and kernels that sum ask for it themselves). GRADLOOM_CFLAGS
 * adds to them, for experiments.
 */
export function flagSets(
  clang: boolean,
  env: NodeJS.ProcessEnv = process.env,
): readonly (readonly string[])[] {
  const extra = (env.GRADLOOM_CFLAGS ?? '').split(/\s+/).filter(Boolean);
  const common = [
    '-O2',
    // Short loops over a row of a tile are unrolled.
    '-fpeel-loops',
    '-fno-gcse',
    '-fno-math-errno',
    '-fno-trapping-math',
    '-ffp-contract=off',
    '-fno-strict-aliasing',
    '-fopenmp-simd',
    '-fPIC',
    '-shared',
    '-fvisibility=hidden',
    '-w',
    ...extra,
  ];
  // What costs gcc time and finds nothing in this code. Clang does not know the flags, but for the
  // first, and it unrolls short loops before it vectorises, so that they need it.
  const gccOnly = ['-fno-tree-slp-vectorize', '-fno-thread-jumps', '-fno-tree-pre'];
  const x86 = arch() === 'x64' ? ['-mprefer-vector-width=512'] : [];
  return [
    ...(clang ? [] : [['-march=native', ...x86, ...common, ...gccOnly]]),
    ['-march=native', ...x86, ...common],
    ['-mcpu=native', ...common],
    ['-O2', '-fno-math-errno', '-ffp-contract=off', '-fPIC', '-shared', '-w', ...extra],
  ];
}

/** What -march=native depends on. Reads as little as possible: it runs at every start. */
export function cpuIdentity(): string {
  let text = '';
  if (platform() === 'linux') {
    try {
      const fd = openSync('/proc/cpuinfo', 'r');
      const bytes = Buffer.alloc(8192);
      const n = readSync(fd, bytes, 0, bytes.length, 0);
      closeSync(fd);
      const first = bytes.toString('latin1', 0, n).split('\n\n')[0];
      const keep = /^(vendor_id|cpu family|model|model name|stepping|flags|Features|CPU \w+)\s*:/;
      text = first
        .split('\n')
        .filter((l) => keep.test(l))
        .join('\n');
    } catch {
      // Fall through to what Node knows.
    }
  }
  return `${platform()} ${arch()} ${text || (cpus()[0]?.model ?? '')}`;
}

export class CompileError extends Error {
  /** Like the code of a system error, where the disk and not the compiler was at fault. */
  readonly code: string | undefined;

  constructor(message: string, code?: string) {
    super(message);
    this.name = 'CompileError';
    this.code = code;
  }
}

export interface CompileJob {
  /** Translation units; several are compiled at the same time. */
  readonly source: string | readonly string[];
  readonly output: string;
  readonly flags: readonly string[];
  /** For files the compiler makes on its way. */
  readonly tempDir: string;
  readonly timeoutMs: number;
}

/** Compiles C text to a shared library, or throws CompileError saying why that failed. */
export function runCompiler(cc: Compiler, job: CompileJob): void {
  const libraries = platform() === 'linux' ? ['-lm', '-ldl'] : ['-lm'];
  const units = typeof job.source === 'string' ? [job.source] : job.source;
  const many = units.length > 1;
  const [program, args, input] = many
    ? ['/bin/sh', ['-c', atOnce(cc, job, units, libraries)], undefined]
    : [
        cc.path,
        [...cc.args, ...job.flags, '-pthread', '-x', 'c', '-', '-o', job.output, ...libraries],
        units[0],
      ];
  const result = spawnSync(program, args, {
    input,
    stdio: [many ? 'ignore' : 'pipe', 'ignore', 'pipe'],
    timeout: job.timeoutMs,
    killSignal: 'SIGKILL',
    maxBuffer: 1 << 20,
    env: { ...process.env, LC_ALL: 'C', TMPDIR: job.tempDir },
    // A group of its own, so that a compiler that hangs can be ended with its children.
    ...{ detached: true },
  });
  if (result.error) {
    const { code } = result.error as NodeJS.ErrnoException;
    if (code === 'ETIMEDOUT') {
      endGroup(result.pid);
      throw new CompileError(`${cc.name} did not finish in ${job.timeoutMs / 1000} s`, code);
    }
    // A compiler that exits without reading its input is judged by its exit status.
    if (code !== 'EPIPE') throw new CompileError(`${cc.name} could not be run: ${code}`);
  }
  if (result.status !== 0) {
    const how = result.signal ? `was ended by ${result.signal}` : `exited with ${result.status}`;
    const said = firstError(result.stderr?.toString() ?? '');
    const full = /no space left|quota exceeded|read-only file system/i.test(said);
    throw new CompileError(
      `${cc.name} ${how}${said ? `: ${said}` : ''}`,
      full ? 'ENOSPC' : undefined,
    );
  }
}

const quoted = (s: string): string => `'${s.replaceAll("'", "'\\''")}'`;

/** A shell script that compiles the units side by side and links them. Leaves nothing but the library. */
function atOnce(
  cc: Compiler,
  job: CompileJob,
  units: readonly string[],
  libraries: readonly string[],
): string {
  const folder = join(job.tempDir, 'units');
  mkdirSync(folder, { mode: 0o700 });
  const compiler = [cc.path, ...cc.args].map(quoted).join(' ');
  const flags = [...job.flags, '-pthread'].map(quoted).join(' ');
  const objects = units.map((text, i) => {
    const file = join(folder, `${i}`);
    writeFileSync(`${file}.c`, text);
    return `${file}.o`;
  });
  const compile = objects.map(
    (o, i) =>
      `${compiler} ${flags} -c ${quoted(join(folder, `${i}.c`))} -o ${quoted(o)} & p${i}=$!`,
  );
  return [
    ...compile,
    's=0',
    ...objects.map((_, i) => `wait $p${i} || s=$?`),
    `[ $s -eq 0 ] && { ${compiler} ${flags} ${objects.map(quoted).join(' ')} -o ${quoted(job.output)} ${libraries.join(' ')} || s=$?; }`,
    `rm -rf ${quoted(folder)}`,
    'exit $s',
  ].join('\n');
}

function endGroup(pid: number | undefined): void {
  if (!pid) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Already gone.
  }
}

function firstError(stderr: string): string {
  const lines = stderr.split('\n').filter((l) => l.trim() !== '');
  return (lines.find((l) => /error/i.test(l)) ?? lines[0] ?? '').trim().slice(0, 300);
}
