/** `npx gradloom`: looks into files of models and arrays, and converts them. Node only. */
import { open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { GradloomError } from '../errors.ts';
import { type Progress, progressLine } from './progress.ts';
import { asJson, asText, clean, size } from './report.ts';

const help = `gradloom: what is in a file of a model, and the same in another format

  gradloom inspect FILE [--json] [--all]   layers, shapes, dtypes, sizes; nothing in the file is run
  gradloom convert IN OUT [--overwrite]    the extensions choose the formats
  gradloom --version

Formats: .keras, .weights.h5, .weights.json with its shards, .h5 (models of Keras 2, too), .safetensors,
.npz, .npy, .onnx, IDX (MNIST), TensorBoard events, model.json of TensorFlow.js.
Models (.keras, .h5, a model.json of layers) become .keras, .onnx, .weights.h5, .safetensors or .npz; arrays
go between .h5, .safetensors, .npz, .npy; the weights of a model.json to any of these.
`;

/** Where text goes. */
export interface Streams {
  out(text: string): void;
  err(text: string): void;
  /** Whether `err` is a terminal, on which lines can be drawn over. */
  readonly terminal?: boolean;
}

/** The exit code: 0 when it worked, 1 when a file is at fault, 2 when the call is. */
export async function run(args: readonly string[], to: Streams): Promise<number> {
  try {
    return await command(args, to);
  } catch (e) {
    // What is wrong with a file is said plainly; what is wrong with us, with its trace.
    const plain = e instanceof GradloomError;
    const text = plain ? e.message : String((e as Error).stack);
    to.err(`gradloom: ${text.split('\n').map(clean).join('\n')}\n`);
    return 1;
  }
}

async function command(args: readonly string[], to: Streams): Promise<number> {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (e) {
    return usage((e as Error).message, to);
  }
  const { values, positionals } = parsed;
  if (values.help) return print(help, to);
  if (values.version) return print(`${await version()}\n`, to);
  const [command, ...files] = positionals;
  if (command === 'inspect' && files.length === 1) return inspect(files[0], values, to);
  if (command === 'convert' && files.length === 2)
    return convertFile(files[0], files[1], values, to);
  return usage(
    command === 'inspect' || command === 'convert'
      ? `${command} takes ${command === 'inspect' ? 'one file' : 'two files'}; received ${files.length}.`
      : command
        ? `There is no command ${JSON.stringify(command)}.`
        : 'Say what to do.',
    to,
  );
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      version: { type: 'boolean', short: 'V', default: false },
      json: { type: 'boolean', default: false },
      all: { type: 'boolean', default: false },
      overwrite: { type: 'boolean', default: false },
    },
  });
}

function print(text: string, to: Streams): number {
  to.out(text);
  return 0;
}

function usage(message: string, to: Streams): number {
  to.err(`gradloom: ${message}\n\n${help}`);
  return 2;
}

async function version(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** Large enough to cost nothing, small enough for a bar to move. */
const piece = 2 ** 22;

async function read(path: string, progress: Progress): Promise<Uint8Array> {
  try {
    const file = await open(path);
    try {
      const { size: total } = await file.stat();
      // Pipes have no size.
      if (total === 0) return await file.readFile();
      const bytes = new Uint8Array(total);
      let at = 0;
      while (at < total) {
        const { bytesRead } = await file.read(bytes, at, Math.min(piece, total - at), at);
        if (bytesRead === 0) break;
        at += bytesRead;
        progress('reading', at, total);
      }
      return bytes.subarray(0, at);
    } finally {
      await file.close();
    }
  } catch (e) {
    const code = (e as { code?: string }).code;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a folder'
          : String(code);
    throw new GradloomError('file-not-found', `${path} cannot be read: ${why}.`, { path, code });
  }
}

async function withProgress<T>(to: Streams, f: (progress: Progress) => Promise<T>): Promise<T> {
  if (!to.terminal) return f(() => {});
  const { progress, clear } = progressLine((text) => to.err(text));
  try {
    return await f(progress);
  } finally {
    clear();
  }
}

async function inspect(
  path: string,
  o: { json?: boolean; all?: boolean },
  to: Streams,
): Promise<number> {
  const { formatOfFile } = await import('./formats.ts');
  const bytes = await withProgress(to, (progress) => read(path, progress));
  const report = await formatOfFile(bytes, path).inspect(bytes, path);
  const whole = {
    ...report,
    facts: [['file', `${path}, ${size(bytes.length)}`] as const, ...report.facts],
  };
  return print(
    `${o.json ? asJson(whole) : asText(whole, o.all ? Number.POSITIVE_INFINITY : undefined)}
`,
    to,
  );
}

async function convertFile(
  input: string,
  out: string,
  o: { overwrite?: boolean },
  to: Streams,
): Promise<number> {
  const [{ convert }, { exists, readWhole, writeAtomically }] = await Promise.all([
    import('./convert.ts'),
    import('../files/atomic.node.ts'),
  ]);
  if (!o.overwrite && (await exists(out)))
    throw new GradloomError('file-exists', `${out} is there already; --overwrite replaces it.`, {
      path: out,
    });
  const beside = async (name: string, atMost: number): Promise<Uint8Array> => {
    const path = join(dirname(input), name);
    const found = await readWhole(path, atMost);
    if (found) return found;
    throw new GradloomError('file-not-found', `${path} is missing beside ${input}.`, { path });
  };
  const bytes = await withProgress(to, async (progress) => {
    const given = await read(input, progress);
    progress('converting');
    const made = await convert(given, input, out, beside);
    await writeAtomically(out, made, {
      who: 'convert',
      onProgress: (done, total) => progress('writing', done, total),
    });
    return made;
  });
  return print(`${out}: ${size(bytes.length)}\n`, to);
}
