/** What a worker thread runs, as plain JavaScript: for `eval` in Node and for a Blob in browsers. */
import { layout } from '../../codegen/wasm/layout.ts';

/** Looks at the bell before going to sleep; steps that follow each other closely find it awake. */
const spins = 20_000;

const at = (offset: number): number => offset >> 2;

/**
 * `join` takes part in the run at hand, if there is a new one; what it has read belongs together only if the
 * run is still the same afterwards. `serve` runs programs until there are messages to handle, which only the
 * event loop can do.
 */
export const workerSource: string = `'use strict';
(() => {
  let memory, words, thread = 0, block = 0, received = 0, last = 0;
  const programs = new Map();

  function join() {
    const number = Atomics.load(words, ${at(layout.current)});
    if (number === 0 || number === last) return false;
    const run = programs.get(Atomics.load(words, ${at(layout.program)}));
    const table = Atomics.load(words, ${at(layout.table)});
    const threads = Atomics.load(words, ${at(layout.threads)});
    if (Atomics.load(words, ${at(layout.current)}) !== number) return true;
    last = number;
    try {
      if (run) run(table, thread, number, threads, 1);
    } catch (error) {
      Atomics.store(words, ${at(layout.failed)}, 1);
      Atomics.notify(words, ${at(layout.finished)});
      console.error('Gradloom worker:', error);
    }
    return true;
  }

  function serve() {
    for (;;) {
      const bell = Atomics.load(words, ${at(layout.bell)});
      if (join()) continue;
      if (Atomics.load(words, ${at(layout.posted)} + block) !== received) return;
      let left = ${spins};
      while (Atomics.load(words, ${at(layout.bell)}) === bell && --left > 0);
      if (left > 0) continue;
      Atomics.add(words, ${at(layout.dozing)}, 1);
      Atomics.wait(words, ${at(layout.bell)}, bell);
      Atomics.sub(words, ${at(layout.dozing)}, 1);
    }
  }

  function stall() {
    if (Atomics.load(words, ${at(layout.failed)}) !== 0) throw new Error('another thread has failed');
  }

  function handle(message) {
    if (message.memory) {
      ({ memory, thread, block } = message);
      words = new Int32Array(memory.buffer);
    }
    for (const p of message.forget) programs.delete(p);
    for (const [p, module] of message.programs) {
      const instance = new WebAssembly.Instance(module, { env: { memory, stall } });
      programs.set(p, instance.exports.run);
    }
    received++;
    Atomics.store(words, ${at(layout.received)} + block, received);
    serve();
  }

  if (typeof self !== 'undefined' && typeof self.postMessage === 'function') {
    self.onmessage = (event) => handle(event.data);
  } else {
    require('node:worker_threads').parentPort.on('message', handle);
  }
})();
`;
