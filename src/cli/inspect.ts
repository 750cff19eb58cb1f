/** What is in a file, found without building or running anything. */
import { GradloomError } from '../errors.ts';
import { type H5Group, readHdf5 } from '../formats/hdf5/index.ts';
import { decodeIdx } from '../formats/idx.ts';
import { unzip } from '../formats/zip.ts';
import { h5Arrays } from '../keras/saving/h5-weights.ts';
import { type Arrays, bytesOfArray } from './formats.ts';
import { count, type Report, shapeText, size, type Table } from './report.ts';

const total = (
  arrays: Arrays,
  of: (a: { data: { length: number }; dtype: never }) => number,
): number => {
  let sum = 0;
  for (const a of arrays.values()) sum += of(a as never);
  return sum;
};

export function arraysTable(arrays: Arrays, title = 'arrays'): Omit<Report, 'format'> {
  const rows = [...arrays].map(([name, a]) => [
    name,
    a.dtype,
    shapeText(a.shape),
    a.data.length,
    size(bytesOfArray(a)),
  ]);
  return {
    facts: [
      ['arrays', arrays.size],
      ['numbers', count(total(arrays, (a) => a.data.length))],
      ['in memory', size(total(arrays, bytesOfArray))],
    ],
    tables: [{ title, columns: ['name', 'dtype', 'shape', 'numbers', 'size'], rows }],
  };
}

export interface Node {
  readonly class_name?: unknown;
  readonly config?: {
    readonly name?: unknown;
    readonly layers?: unknown;
    readonly [key: string]: unknown;
  };
  readonly build_config?: { readonly input_shape?: unknown } | null;
  readonly compile_config?: { readonly optimizer?: unknown; readonly loss?: unknown } | null;
}

/** Layers, outermost first, models within models by their path. */
export function layersOf(
  node: Node,
  path: string,
  depth: number,
  out: (string | number)[][],
): void {
  const layers = node.config?.layers;
  if (!Array.isArray(layers) || depth > 50) return;
  for (const layer of layers as Node[]) {
    const name = path + String(layer?.config?.name ?? '');
    const shape =
      layer?.build_config?.input_shape ??
      layer?.config?.batch_shape ??
      layer?.config?.batch_input_shape;
    out.push([
      name,
      String(layer?.class_name ?? '?'),
      Array.isArray(shape) ? shapeText(shape) : '',
    ]);
    layersOf(layer ?? {}, `${name}/`, depth + 1, out);
  }
}

const idOf = (x: unknown): string =>
  typeof x === 'string' ? x : String((x as Node | null)?.class_name ?? (x ? 'several' : 'none'));

export async function inspectKeras(bytes: Uint8Array, name: string): Promise<Report> {
  const members = await unzip(bytes, { name });
  const { parsePython } = await import('../keras/saving/python-config.ts');
  const json = (member: string): unknown => {
    const found = members.get(member);
    if (!found)
      throw new GradloomError('saving', `${name} is no .keras file: it has no ${member}.`, {
        name,
        member,
      });
    return parsePython(new TextDecoder().decode(found), `${name}: ${member}`);
  };
  const config = json('config.json') as Node;
  const metadata = (members.has('metadata.json') ? json('metadata.json') : {}) as Record<
    string,
    unknown
  >;
  const layers: (string | number)[][] = [];
  layersOf(config, '', 0, layers);
  const weights = members.get('model.weights.h5');
  const arrays: Arrays = weights
    ? h5Arrays(readHdf5(weights, { name: `${name}: model.weights.h5` }))
    : new Map();
  const own = new Map([...arrays].filter(([k]) => !k.startsWith('optimizer/')));
  const { facts, tables } = arraysTable(own, 'weights');
  const compiled = config.compile_config?.optimizer ? config.compile_config : undefined;
  return {
    format: 'Keras model (.keras)',
    facts: [
      ['model', `${config.class_name} "${config.config?.name ?? ''}"`],
      [
        'written by',
        `Keras ${metadata.keras_version ?? '?'}${metadata.date_saved ? `, ${metadata.date_saved}` : ''}`,
      ],
      ['layers', layers.length],
      ['weights', facts[0][1]],
      ['parameters', facts[1][1]],
      ['in memory', facts[2][1]],
      [
        'compiled',
        compiled ? `optimizer ${idOf(compiled.optimizer)}, loss ${idOf(compiled.loss)}` : 'no',
      ],
      ['optimizer', `${arrays.size - own.size} variables`],
    ],
    tables: [{ title: 'layers', columns: ['name', 'class', 'input'], rows: layers }, ...tables],
  };
}

export async function inspectHdf5(bytes: Uint8Array, name: string): Promise<Report> {
  const root = readHdf5(bytes, { name });
  const rows: (string | number)[][] = [];
  const visit = (g: H5Group, path: string): void => {
    for (const key of g.names) {
      const x = g.get(key);
      const here = path === '' ? key : `${path}/${key}`;
      if (x?.kind === 'group') visit(x, here);
      else if (x) rows.push([here, x.type, shapeText(x.shape), x.shape.reduce((a, b) => a * b, 1)]);
    }
  };
  visit(root, '');
  const legacy = root.attributes.has('model_config');
  const numbers = rows.reduce((n, r) => n + (r[3] as number), 0);
  const table: Table = { title: 'datasets', columns: ['path', 'type', 'shape', 'numbers'], rows };
  return {
    format: legacy
      ? 'Keras model (HDF5, legacy)'
      : root.group('layers')
        ? 'Keras weights (.weights.h5)'
        : 'HDF5',
    facts: [
      ['datasets', rows.length],
      ['numbers', count(numbers)],
      ...(legacy
        ? ([['written by', `Keras ${root.attributes.get('keras_version') ?? '?'}`]] as const)
        : []),
    ],
    tables: [table],
  };
}

export async function inspectOnnx(bytes: Uint8Array, name: string): Promise<Report> {
  const { decodeMessage } = await import('../onnx/protobuf.ts');
  const { modelFields } = await import('../onnx/messages.ts');
  const { elementTypeName } = await import('../onnx/element-types.ts');
  const model = decodeMessage(bytes, modelFields, {
    name,
    maxBytes: Math.max(2 ** 28, bytes.length * 16),
  }) as never as {
    irVersion?: number | bigint;
    producerName?: string;
    opsetImport?: { domain?: string; version?: number | bigint }[];
    graph?: {
      name?: string;
      node?: { opType?: string; domain?: string }[];
      initializer?: { name?: string; dims?: (number | bigint)[]; dataType?: number }[];
      input?: OnnxValue[];
      output?: OnnxValue[];
    };
  };
  const { graph } = model;
  if (!graph)
    throw new GradloomError('onnx', `${name} is no ONNX model: it has no graph.`, { name });
  const weights = new Set((graph.initializer ?? []).map((t) => t.name));
  const ops = new Map<string, number>();
  for (const n of graph.node ?? []) ops.set(n.opType ?? '?', (ops.get(n.opType ?? '?') ?? 0) + 1);
  const values = (list: OnnxValue[] = []): (string | number)[][] =>
    list
      .filter((v) => !weights.has(v.name))
      .map((v) => {
        const t = v.type?.tensorType;
        const dims =
          t?.shape?.dim?.map((d) => d.dimParam || Number(d.dimValue ?? Number.NaN)) ?? [];
        return [
          v.name ?? '',
          elementTypeName(t?.elemType ?? 0),
          shapeText(dims.map((d) => (Number.isNaN(d) ? null : d))),
        ];
      });
  const rows = (graph.initializer ?? []).map((t) => [
    t.name ?? '',
    elementTypeName(t.dataType ?? 0),
    shapeText((t.dims ?? []).map(Number)),
    (t.dims ?? []).reduce<number>((a, b) => a * Number(b), 1),
  ]);
  return {
    format: 'ONNX model',
    facts: [
      ['graph', graph.name ?? ''],
      ['written by', model.producerName || '?'],
      ['IR version', Number(model.irVersion ?? 0)],
      [
        'operations',
        (model.opsetImport ?? []).map((o) => `${o.domain || 'ai.onnx'} ${o.version}`).join(', '),
      ],
      ['nodes', graph.node?.length ?? 0],
      ['parameters', count(rows.reduce((n, r) => n + (r[3] as number), 0))],
    ],
    tables: [
      { title: 'inputs', columns: ['name', 'dtype', 'shape'], rows: values(graph.input) },
      { title: 'outputs', columns: ['name', 'dtype', 'shape'], rows: values(graph.output) },
      {
        title: 'node kinds',
        columns: ['operation', 'times'],
        rows: [...ops].sort((a, b) => b[1] - a[1]),
      },
      { title: 'weights', columns: ['name', 'dtype', 'shape', 'numbers'], rows },
    ],
  };
}

interface OnnxValue {
  readonly name?: string;
  readonly type?: {
    readonly tensorType?: {
      readonly elemType?: number;
      readonly shape?: { readonly dim?: { dimValue?: number | bigint; dimParam?: string }[] };
    };
  };
}

export async function inspectIdx(bytes: Uint8Array, name: string): Promise<Report> {
  const { data, shape, dtype } = decodeIdx(bytes, { name, maxBytes: Number.POSITIVE_INFINITY });
  return {
    format: 'IDX array (MNIST)',
    facts: [
      ['dtype', dtype],
      ['shape', shapeText(shape)],
      ['numbers', count(data.length)],
    ],
    tables: [],
  };
}

export async function inspectEvents(bytes: Uint8Array, name: string): Promise<Report> {
  const { readTfRecords } = await import('../formats/tfrecord.ts');
  let records = 0;
  for (const _ of readTfRecords(bytes, { name })) records++;
  return { format: 'TensorBoard events', facts: [['records', records]], tables: [] };
}
