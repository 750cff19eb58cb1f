/** A backend that counts what is asked of the one behind it. For tests. */
import type { Backend, Executable } from '../backends/backend.ts';
import { setBackend } from '../backends/registry.ts';

export interface Counts {
  compiled: number;
  runs: number;
}

/** Puts a counting wrapper around the backend of that name in use. */
export function countingBackend(name = 'reference'): Counts {
  const inner = setBackend(name);
  const counts: Counts = { compiled: 0, runs: 0 };
  const outer: Backend = {
    name: inner.name,
    sync: inner.sync,
    allocate: (n) => inner.allocate(n),
    compile(graph, options): Executable {
      counts.compiled++;
      const e = inner.compile(graph, options);
      return {
        run(inputs) {
          counts.runs++;
          return e.run(inputs);
        },
        dispose: () => e.dispose(),
      };
    },
    memory: () => inner.memory(),
    dispose: () => inner.dispose(),
  };
  setBackend(outer);
  return counts;
}
