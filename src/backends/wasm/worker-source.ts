/** What a worker thread runs, as plain JavaScript: for `eval` in Node and for a Blob in browsers. */
import { layout } from '../../codegen/wasm/layout.ts';

/** Looks at the bell before going to sleep; steps that follow each other closely find it awake. */
const spins = 20_000;

const { worker } = layout;

export const workerSource: string = `'use strict';
(() => {
  let memory, words, own, received = 0, lastRun = 0, current = 0;
  const programs = new Map();
  const at = (offset) => (own + offset) >> 2;
  const word = (offset) => Atomics.load(words, offset >> 2);

  function execute() {
    Atomics.store(words, at(${worker.begun}), lastRun);
    try {
      const run = programs.get(word(${layout.program}));
      run(word(${layout.table}), word(at(${worker.thread}) << 2), word(${layout.threads}), word(${layout.base}), 1);
    } catch (error) {
      Atomics.store(words, ${layout.failed >> 2}, 1);
      Atomics.notify(words, ${layout.arrivals >> 2});
      console.error('Gradloom worker:', error);
    }
  }

  // Runs programs until there are messages to handle, which only the event loop can do.
  function serve() {
    for (;;) {
      const bell = Atomics.load(words, at(${worker.bell}));
      const run = Atomics.load(words, at(${worker.run}));
      if (run !== lastRun) {
        lastRun = run;
        execute();
        continue;
      }
      if (Atomics.load(words, at(${worker.posted})) !== received) return;
      let left = ${spins};
      while (Atomics.load(words, at(${worker.bell})) === bell && --left > 0);
      if (left > 0) continue;
      Atomics.store(words, at(${worker.asleep}), 1);
      Atomics.wait(words, at(${worker.bell}), bell);
      Atomics.store(words, at(${worker.asleep}), 0);
    }
  }

  function handle(message) {
    if (message.memory) {
      memory = message.memory;
      words = new Int32Array(memory.buffer);
      own = message.own;
      lastRun = Atomics.load(words, at(${worker.run}));
    } else if (message.module) {
      const stall = () => {
        if (word(${layout.failed}) !== 0) throw new Error('another thread has failed');
      };
      const instance = new WebAssembly.Instance(message.module, { env: { memory, stall } });
      programs.set(message.program, instance.exports.run);
    }
    for (const p of message.forget || []) programs.delete(p);
    received++;
    Atomics.store(words, at(${worker.received}), received);
    serve();
  }

  if (typeof self !== 'undefined' && typeof self.postMessage === 'function') {
    self.onmessage = (event) => handle(event.data);
  } else {
    require('node:worker_threads').parentPort.on('message', handle);
  }
})();
`;
