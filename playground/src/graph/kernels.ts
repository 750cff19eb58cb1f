/** A compiled program as a drawing: kernels as boxes, the arrays between them as arrows. */

import { KernelPrinter } from '../../../src/codegen/c/kernel.ts';
import { printKernel as printWgsl } from '../../../src/codegen/wgsl/printer.ts';
import { showStmts } from '../../../src/compiler/debug.ts';
import type { Kernel } from '../../../src/compiler/loopnest.ts';
import { kernelsOf, type Program } from '../../../src/compiler/program.ts';
import { withExprs } from '../../../src/expr/expr.ts';
import { attach, curve, loadDagre } from '../../../src/graph/drawing.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import type { KernelBox, KernelDrawing, KernelFacts, LanguageName } from './protocol.ts';

interface Box {
  readonly id: string;
  readonly kind: KernelBox['kind'];
  readonly title: string;
  readonly line: string;
  readonly source?: string;
  readonly facts?: KernelFacts;
}

interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly label: string;
}

/** What WebGPU promises everywhere. */
const wgslLimits = {
  storageBuffers: 8,
  workgroupsPerDimension: 65535,
  invocations: 256,
  workgroupBytes: 16384,
};

/** The text of one kernel in that language. */
export function printKernel(kernel: Kernel, program: Program, language: LanguageName): string {
  switch (language) {
    case 'c':
      return new KernelPrinter(kernel, program.buffers, { helper() {}, tile() {} }).print().trim();
    case 'wgsl':
      return printWgsl(kernel, program.buffers, wgslLimits, program.arenaBytes).text.trim();
    case 'loops': {
      const { parallel, body } = kernel;
      const head = parallel ? `parallel ${parallel.index.name} < ${parallel.extent}:\n` : '';
      return `${head}${showStmts(body)}`;
    }
  }
}

/** Boxes and arrows of a program that was made of `graph`, in the order of running. */
export function describeProgram(
  program: Program,
  graph: Graph,
  language: LanguageName,
): { readonly boxes: readonly Box[]; readonly arrows: readonly Arrow[] } {
  const boxes: Box[] = [];
  const arrows: Arrow[] = [];
  const source = new Map<number, string>();
  const inputs = new Map<number, string>();
  const size = (b: number): string => {
    const { dtype, length } = program.buffers[b];
    const count = length.toLocaleString('en').replaceAll(',', ' ');
    return `${dtype === 'float32' ? '' : `${dtype} `}${count}`;
  };
  const inputName = (slot: number): string => graph.inputs[slot].node.label ?? `input ${slot}`;
  const shape = (slot: number): string => graph.inputs[slot].shape.join('×') || 'scalar';
  const nameOf = (b: number): string => {
    const { place } = program.buffers[b];
    if (place.kind === 'input') return inputName(place.slot);
    if (place.kind === 'constant') return `constants (${size(b)})`;
    if (place.kind === 'arena') return `temporary (${size(b)})`;
    return place.donatedFrom === undefined
      ? `result ${place.slot} (${size(b)})`
      : inputName(place.donatedFrom);
  };
  /** The box of an array that comes from outside. */
  const given = (b: number): string | undefined => {
    const { place } = program.buffers[b];
    const slot =
      place.kind === 'input' ? place.slot : place.kind === 'output' ? place.donatedFrom : undefined;
    if (slot === undefined) return undefined;
    let id = inputs.get(slot);
    if (!id) {
      id = `input${slot}`;
      inputs.set(slot, id);
      boxes.push({ id, kind: 'input', title: inputName(slot), line: shape(slot) });
    }
    return id;
  };

  withExprs(() => {
    for (const kernel of kernelsOf(program.steps)) {
      const id = `kernel${boxes.length}`;
      for (const b of new Set(kernel.reads)) {
        const from = source.get(b) ?? given(b);
        if (from) arrows.push({ from, to: id, label: size(b) });
      }
      for (const b of kernel.writes) source.set(b, id);
      const facts: KernelFacts = {
        cost: kernel.cost,
        parallel: kernel.parallel?.extent ?? 1,
        reads: [...new Set(kernel.reads)].map(nameOf),
        writes: [...new Set(kernel.writes)].map(nameOf),
      };
      const title = kernel.name.replace(/^k\d+_/, '').replaceAll('_', ' ');
      boxes.push({
        id,
        kind: 'kernel',
        title: title.length > 30 ? `${title.slice(0, 29)}…` : title,
        line: kernel.name.match(/^k\d+/)?.[0] ?? '',
        source: printKernel(kernel, program, language),
        facts,
      });
    }
  });
  program.buffers.forEach(({ place }, b) => {
    if (place.kind !== 'output') return;
    const from = source.get(b);
    if (!from) return;
    const id = `output${place.slot}`;
    const shape = graph.outputs[place.slot].shape.join('×') || 'scalar';
    const title = place.donatedFrom === undefined ? 'result' : `${inputName(place.donatedFrom)} ′`;
    boxes.push({ id, kind: 'output', title, line: shape });
    arrows.push({ from, to: id, label: '' });
  });
  return { boxes, arrows };
}

const letter = 7.9;
const widthOf = (b: Box): number =>
  Math.max(70, Math.max(b.title.length, b.line.length) * letter + 24);
const height = 46;

/** Places boxes and arrows. */
export async function drawProgram(
  program: Program,
  graph: Graph,
  language: LanguageName,
): Promise<KernelDrawing> {
  const { boxes, arrows } = describeProgram(program, graph, language);
  const dagre = await loadDagre();
  const g = new dagre.graphlib.Graph({ multigraph: true });
  g.setGraph({ rankdir: 'TB', nodesep: 24, edgesep: 14, ranksep: 36, marginx: 12, marginy: 12 });
  const sized = boxes.map((b) => ({ id: b.id, width: widthOf(b), height }));
  for (const b of sized) g.setNode(b.id, { width: b.width, height: b.height });
  arrows.forEach((a, i) => {
    const width = a.label.length * 6.2 + 8;
    g.setEdge(a.from, a.to, { width, height: a.label ? 16 : 1, labelpos: 'c' }, String(i));
  });
  dagre.layout(g);
  const centers = new Map(
    boxes.map((b) => {
      const { x, y } = g.node(b.id) as { x: number; y: number };
      return [b.id, { x, y }];
    }),
  );
  const edges = arrows.map(
    (a, i) =>
      g.edge(a.from, a.to, String(i)) as {
        x: number;
        y: number;
        points: { x: number; y: number }[];
      },
  );
  const paths = edges.map((e) => e.points.map(({ x, y }) => ({ x, y })));
  attach(sized, arrows, centers, paths, false);
  const whole = g.graph() as { width: number; height: number };
  return {
    width: Math.ceil(whole.width),
    height: Math.ceil(whole.height),
    boxes: boxes.map((b, i) => {
      const { x, y } = centers.get(b.id)!;
      const { width } = sized[i];
      return { ...b, width, height, x: x - width / 2, y: y - height / 2 };
    }),
    arrows: arrows.map((a, i) => ({
      path: curve(paths[i], false),
      label: a.label,
      x: edges[i].x,
      y: edges[i].y,
    })),
  };
}
