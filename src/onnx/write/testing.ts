/** For tests: cases of the backends' compliance suite as ONNX models. */
import type { Graph } from '../../graph/index.ts';
import { inline } from '../../graph/subgraph.ts';
import { Tensor } from '../../tensor/index.ts';
import { functionToOnnx } from '../index.ts';

/** The graph as a model, with inputs `in0`, `in1`, … */
export function graphToOnnx(graph: Graph): Promise<Uint8Array> {
  const inputs = graph.inputs.map(({ shape, dtype }, i) => ({ name: `in${i}`, shape, dtype }));
  return functionToOnnx(
    (given) =>
      inline(
        graph,
        given.map((t) => t.value),
      ).map((v) => new Tensor(v)),
    { inputs },
  );
}
