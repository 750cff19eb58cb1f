/**
 * What a program's library needs beside it to run: where its buffers lie. Kept on disk under a key of
 * the graph, so that a program that was compiled before is neither lowered nor printed again.
 *
 * A plan that does not belong to its library would write where it should not, so the key holds the
 * build of this package besides the graph (sources that may change at any time have none and keep no
 * plans), the file holds its own checksum, and what is not whole counts as not there.
 */
import type { BufferDecl, BufferPlace, Program } from '../../compiler/program.ts';
import { isDType } from '../../dtype.ts';
import type { Graph } from '../../graph/graph.ts';
import { hashOf } from './cache.ts';

/** Set by the build of the package: a hash of its sources. */
declare const __GRADLOOM_BUILD__: string | undefined;

export const buildId: string | undefined =
  typeof __GRADLOOM_BUILD__ === 'string' ? __GRADLOOM_BUILD__ : undefined;

export interface Plan {
  /** The library's key in the cache. */
  readonly library: string;
  readonly program: Omit<Program, 'steps' | 'name'>;
  readonly scratchBytes: number;
  readonly threaded: boolean;
}

/** The key of a plan, or undefined where none is kept. */
export function planKey(
  graph: Graph,
  donate: readonly boolean[] | undefined,
  identity: readonly string[],
): string | undefined {
  if (buildId === undefined) return undefined;
  const given = graph.inputs.map((_, i) => Number(donate?.[i] ?? false)).join('');
  return hashOf([buildId, ...identity, given, graph.toJSON()]);
}

/** The plan as text, its checksum in the first line. */
export function writePlan(p: Plan): string {
  const buffers = p.program.buffers.map(({ dtype, length, place }) => [
    dtype,
    length,
    place.kind === 'constant'
      ? { kind: 'constant', data: Buffer.from(place.data).toString('base64') }
      : place,
  ]);
  const { arenaBytes, inputs, outputs, cost } = p.program;
  const { library, scratchBytes, threaded } = p;
  const text = JSON.stringify({
    library,
    scratchBytes,
    threaded,
    arenaBytes,
    inputs,
    outputs,
    cost,
    buffers,
  });
  return `${hashOf([text])}\n${text}`;
}

/** The plan of such a text; undefined for one that is not whole. */
export function readPlan(text: string): Plan | undefined {
  const end = text.indexOf('\n');
  const body = text.slice(end + 1);
  if (end < 0 || hashOf([body]) !== text.slice(0, end)) return undefined;
  const p = JSON.parse(body) as Omit<Plan, 'program'> &
    Omit<Plan['program'], 'buffers'> & { buffers: [string, number, WrittenPlace][] };
  const buffers = p.buffers.map(([dtype, length, place]): BufferDecl => {
    if (!isDType(dtype)) throw new Error(`a plan with dtype ${dtype}`);
    return {
      dtype,
      length,
      place:
        place.kind === 'constant'
          ? { kind: 'constant', data: Uint8Array.from(Buffer.from(place.data, 'base64')) }
          : place,
    };
  });
  const { library, scratchBytes, threaded, arenaBytes, inputs, outputs, cost } = p;
  return {
    library,
    scratchBytes,
    threaded,
    program: { arenaBytes, inputs, outputs, cost, buffers },
  };
}

type WrittenPlace =
  | Exclude<BufferPlace, { kind: 'constant' }>
  | { readonly kind: 'constant'; readonly data: string };
