/** The worker's part of the third page: a network's computation, traced, compiled and drawn. */
import { graph as graphOf, type Tensor, tensor } from 'gradloom';
import { graphToSvg } from 'gradloom/graph';
import { nativeTarget } from '../../../src/backends/native/target.ts';
import { webgpuTarget } from '../../../src/codegen/wgsl/printer.ts';
import { lowerGraph } from '../../../src/compiler/lower.ts';
import type { Program } from '../../../src/compiler/program.ts';
import type { Graph } from '../../../src/graph/graph.ts';
import { useOneThread } from '../engine/backends.ts';
import { buildNetwork, compileNetwork } from '../model/build.ts';
import type { NetworkSpec } from '../model/spec.ts';
import { drawProgram } from './kernels.ts';
import type { GraphAnswer, GraphQuestion, LanguageName, PartName } from './protocol.ts';

/** What the part computes, as a graph; nothing is run. */
export function traceNetwork(spec: NetworkSpec, part: PartName, batch: number): Graph {
  const model = buildNetwork(spec);
  compileNetwork(model, { optimizer: 'sgd', learningRate: 0.1 });
  const weights = model.trainableWeights;
  model.optimizer.build(weights);
  const images = tensor(new Float32Array(batch * 784), { shape: [batch, 28, 28] });
  const labels = tensor(new Int32Array(batch));
  if (part === 'forward') {
    const forward = (images: Tensor) => model.apply(images, { training: false });
    return named(graphOf(forward as (x: Tensor) => Tensor, 'forward')(images), ['images']);
  }
  const step = (x: Tensor, y: Tensor): Tensor[] => {
    const yPred = model.apply(x, { training: true }) as Tensor;
    const loss = model.computeLoss({ x, y, yPred, training: true });
    const gradients = model.gradient(loss);
    if (part === 'gradient') return [loss, ...gradients];
    model.optimizer.apply(gradients, weights);
    return [loss];
  };
  return named(graphOf(step, part)(images, labels), ['images', 'labels']);
}

function named(g: Graph, names: readonly string[]): Graph {
  names.forEach((name, i) => {
    const { node } = g.inputs[i];
    if (node.label?.startsWith('arg')) node.label = name;
  });
  return g;
}

/** The program for a processor with AVX2, or for a graphics card. */
export function lowerFor(graph: Graph, language: LanguageName): Program {
  // Weights are updated where they lie, as in training.
  const donate = graph.inputs.map((v) => /kernel|bias|iteration|seed/.test(v.node.label ?? ''));
  const target = language === 'wgsl' ? webgpuTarget : nativeTarget('avx2');
  return lowerGraph(graph, { target, donate: donate.map((d) => d && graph.name === 'step') });
}

/** So many boxes still make a picture. */
const legible = 400;

export async function drawGraph(q: GraphQuestion): Promise<GraphAnswer> {
  await useOneThread();
  const traced = traceNetwork(q.spec, q.part, q.batch);
  const program = lowerFor(traced, q.language);
  return {
    svg: traced.computed.length <= legible ? await graphToSvg(traced) : null,
    nodes: traced.computed.length,
    kernels: await drawProgram(program, traced, q.language),
    arena: program.arenaBytes,
  };
}
