/** `model.json` of TensorFlow.js: what it says of the model, and its weights in the shards beside it. */
import { fields, parseFields } from '../formats/json.ts';
import { readTfjsManifest } from '../formats/tfjs-manifest.ts';
import { decodeTfjsWeights } from '../formats/tfjs-weights.ts';
import type { Arrays, Beside } from './formats.ts';
import { layersOf, type Node } from './inspect.ts';
import { count, type Report, shapeText, size, type Table } from './report.ts';

/** Whether it holds layers, not a graph or weights alone. */
export function isLayersModel(bytes: Uint8Array): boolean {
  try {
    const topology = fields(fields(JSON.parse(new TextDecoder().decode(bytes))).modelTopology);
    return topology.class_name !== undefined || topology.model_config !== undefined;
  } catch {
    return false;
  }
}

/** From model.json alone: the shards are not opened. */
export function inspectTfjs(bytes: Uint8Array, name: string): Report {
  const model = parseFields(bytes, name, 'tfjs');
  const groups = readTfjsManifest(model.weightsManifest, name);
  const weights = groups.flatMap((g) => g.weights);
  const topology = fields(model.modelTopology);
  const nodes = Array.isArray(topology.node) ? topology.node : undefined;
  const tables: Table[] = [];
  if (nodes) {
    const ops = new Map<string, number>();
    for (const n of nodes) {
      const op = String(fields(n).op);
      ops.set(op, (ops.get(op) ?? 0) + 1);
    }
    const rows = [...ops].sort((a, b) => b[1] - a[1]);
    tables.push({ title: 'node kinds', columns: ['operation', 'times'], rows });
  } else {
    const rows: (string | number)[][] = [];
    layersOf(fields(topology.model_config ?? topology) as Node, '', 0, rows);
    tables.push({ title: 'layers', columns: ['name', 'class', 'input'], rows });
  }
  tables.push({
    title: 'weights',
    columns: ['name', 'dtype', 'shape', 'numbers', 'size'],
    rows: weights.map((w) => [
      w.name,
      w.quantization ? `${w.dtype} as ${w.quantization.dtype}` : w.dtype,
      shapeText(w.shape),
      w.count,
      size(w.bytes),
    ]),
  });
  return {
    format: 'TensorFlow.js model',
    facts: [
      ['kind', String(model.format ?? (nodes ? 'graph-model' : 'layers-model'))],
      ['written by', String(model.generatedBy ?? '?')],
      ['parameters', count(weights.reduce((n, w) => n + w.count, 0))],
      ['shards', groups.flatMap((g) => g.paths).join(', ')],
    ],
    tables,
  };
}

export function readTfjs(bytes: Uint8Array, name: string, beside: Beside): Promise<Arrays> {
  return decodeTfjsWeights(parseFields(bytes, name, 'tfjs').weightsManifest, beside, { name });
}
