/**
 * The metrics of a model's outputs: which metric looks at which output, and under which name it is
 * logged. Semantics of Keras's CompileMetrics.
 */
import { GradloomError } from '../../errors.ts';
import type { Tensor } from '../../tensor/index.ts';
import { getMetric, type Metric, type MetricLike } from '../metrics/index.ts';
import { matchTargets, matchWeights, weightAt } from './targets.ts';
import {
  at,
  flatten,
  isNested,
  isObject,
  mapLeaves,
  type Path,
  structure,
  type TreeOf,
} from './tree.ts';

/** A list for the one output; for several, a list with an entry each or an object by name; an entry is a metric, a list or null. */
export type MetricTree =
  | readonly TreeOf<MetricLike | null>[]
  | { readonly [output: string]: TreeOf<MetricLike | null> };

export interface MetricEntry {
  /** As logged: `a_accuracy`. */
  readonly name: string;
  readonly metric: Metric;
}

interface Group {
  readonly path: Path;
  /** The prefix of its names, for models of several outputs. */
  readonly output: string | null;
  readonly metrics: readonly Metric[];
  readonly weighted: boolean;
}

const probe = { outputShape: [null, 2], targetShape: [null] };

export class CompileMetrics {
  readonly #given: readonly [option: string, tree: MetricTree | null, weighted: boolean][];
  readonly #names: readonly string[] | undefined;
  #groups: readonly Group[] | undefined;
  #entries: readonly MetricEntry[] = [];

  /** Throws `compile`, `unknown-id`. */
  constructor(
    metrics: MetricTree | null | undefined,
    weighted: MetricTree | null | undefined,
    names: readonly string[] | undefined,
  ) {
    this.#given = [
      ['metrics', checked('metrics', metrics), false],
      ['weightedMetrics', checked('weightedMetrics', weighted), true],
    ];
    this.#names = names;
  }

  get built(): boolean {
    return this.#groups !== undefined;
  }
  /** With the names of the log; empty until the first batch. */
  get entries(): readonly MetricEntry[] {
    return this.#entries;
  }

  /** Takes a batch into the metrics. Traceable. Throws `compile` for metrics that do not fit the outputs. */
  update(
    yTrue: TreeOf<Tensor | null>,
    yPred: TreeOf<Tensor>,
    sampleWeight: TreeOf<Tensor | null> = null,
    wanted?: TreeOf<boolean>,
  ): void {
    if (this.#given.every(([, tree]) => tree === null || flatten(tree).length === 0)) {
      this.#groups ??= [];
      return;
    }
    const targets = matchTargets(yTrue, yPred, this.#names, wanted);
    if (!this.#groups) this.#build(targets, yPred);
    const weights = matchWeights(sampleWeight, yPred, this.#names);
    for (const g of this.#groups!) {
      const t = targetOf(targets, g.path, g.output);
      const p = at(yPred, g.path) as Tensor;
      const w = g.weighted ? weightAt(weights, g.path) : null;
      for (const m of g.metrics) m.updateState(t, p, w);
    }
  }

  #build(yTrue: TreeOf<Tensor | null>, yPred: TreeOf<Tensor>): void {
    const groups = this.#given.flatMap(([option, tree, weighted]) =>
      tree === null
        ? []
        : this.#assign(option, tree, yPred).map(({ path, output, metrics }) => ({
            path,
            output,
            weighted,
            metrics: metrics.map((m) =>
              getMetric(m, {
                outputShape: (at(yPred, path) as Tensor).shape,
                targetShape: targetOf(yTrue, path, output).shape,
              }),
            ),
          })),
    );
    this.#groups = groups;
    this.#entries = logNames(groups);
  }

  /** What of `tree` belongs to which output. */
  #assign(
    option: string,
    tree: MetricTree,
    yPred: TreeOf<Tensor>,
  ): { path: Path; output: string | null; metrics: MetricLike[] }[] {
    const paths: Path[] = [];
    mapLeaves(yPred, (_, path) => paths.push(path));
    const several = (m: TreeOf<MetricLike | null> | undefined): MetricLike[] =>
      m == null ? [] : flatten(m).filter((x) => x !== null);
    // One output: all metrics are its.
    if (paths.length === 1) return [{ path: paths[0], output: null, metrics: several(tree) }];
    const flat = paths.every((p) => p.length === 1);
    const keys = isObject(yPred) ? paths.map(([k]) => String(k)) : undefined;
    const same = keys && this.#names && keys.every((k) => this.#names!.includes(k));
    const names = (keys && !same ? keys : this.#names) ?? undefined;
    const ordered: Path[] = keys && names ? names.map((n) => [n]) : paths;
    const of = (i: number, m: TreeOf<MetricLike | null> | undefined) => ({
      path: ordered[i],
      output: names?.[i] ?? null,
      metrics: several(m),
    });
    if (flat && Array.isArray(tree) && tree.length === paths.length)
      return ordered.map((_, i) => of(i, tree[i]));
    if (flat && isObject(tree) && names && Object.keys(tree).every((k) => names.includes(k)))
      return ordered.map((_, i) => of(i, (tree as Record<string, TreeOf<MetricLike>>)[names[i]]));
    if (!flat && Array.isArray(tree) === Array.isArray(yPred)) {
      const found = paths.map((path) => at(tree as TreeOf<MetricLike | null>, path));
      if (found.every((m) => m !== undefined))
        return paths.map((path, i) => ({
          path,
          output: this.#names?.length === paths.length ? this.#names[i] : null,
          metrics: several(found[i]),
        }));
    }
    throw new GradloomError(
      'compile',
      `compile: ${option} must be a list with an entry for each output, or an object by output name${names ? ` (${names.join(', ')})` : ''}; the outputs are ${structure(yPred)}, received ${Array.isArray(tree) ? `a list of ${tree.length}` : `the keys ${Object.keys(tree).join(', ')}`}.`,
      { outputs: structure(yPred) },
    );
  }
}

function targetOf(targets: TreeOf<Tensor | null>, path: Path, output: string | null): Tensor {
  const t = at(targets, path) as Tensor | null | undefined;
  if (t) return t;
  throw new GradloomError(
    'data',
    `y is missing${output === null ? '' : ` for output "${output}"`}; its metrics need targets.`,
    { output },
  );
}

function checked(option: string, given: MetricTree | null | undefined): MetricTree | null {
  if (given == null) return null;
  if (!isNested(given as TreeOf<unknown>))
    throw new GradloomError(
      'compile',
      `compile: ${option} must be a list, for example ['accuracy'], or an object by output name; received ${JSON.stringify(given)}.`,
      { [option]: given },
    );
  // Unknown ids are found now, though what "accuracy" means is known only with the shapes.
  for (const m of flatten(given as TreeOf<MetricLike | null>)) if (m !== null) getMetric(m, probe);
  return given;
}

/** As Keras logs them: a weighted metric of a name that is taken is weighted_accuracy, others get numbers. */
function logNames(groups: readonly Group[]): MetricEntry[] {
  const uses = new Map<string, number>();
  const free = (name: string): string => {
    const n = uses.get(name) ?? 0;
    uses.set(name, n + 1);
    return n === 0 ? name : `${name}_${n}`;
  };
  return groups.flatMap((g) =>
    g.metrics.map((metric) => {
      const prefix = g.output === null ? '' : `${g.output}_`;
      const name = `${prefix}${metric.name}`;
      const twin = g.weighted && uses.has(name);
      return { name: free(twin ? `${prefix}weighted_${metric.name}` : name), metric };
    }),
  );
}
