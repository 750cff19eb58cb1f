/** A file of events in a folder, named so that TensorBoard finds it. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { encodeEvent, type SummaryValue } from '../../../formats/tfevents.ts';
import { encodeTfRecord } from '../../../formats/tfrecord.ts';
import { addToFile } from '../log-files.node.ts';

/** Of this process, so that no two have the same name. */
let files = 0;

const mostBytes = 2 ** 20;
const mostMilliseconds = 5000;

/** Nothing is on disk before the first `flush`; `write` flushes now and then. */
export class EventWriter {
  readonly path: string;
  #pending: Uint8Array[] = [];
  #bytes = 0;
  #flushed: number = Date.now();

  constructor(folder: string) {
    const seconds = String(Math.floor(now())).padStart(10, '0');
    const name = `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${files++}.v2`;
    this.path = join(folder, name);
    const wallTime = Math.floor(now());
    this.#add(encodeEvent({ wallTime, fileVersion: 'brain.Event:2', writer: 'gradloom' }));
  }

  /** Throws `file-unwritable`. */
  async write(step: number, value: SummaryValue): Promise<void> {
    this.#add(encodeEvent({ wallTime: now(), step, values: [value] }));
    if (this.#bytes > mostBytes || Date.now() - this.#flushed > mostMilliseconds)
      await this.flush();
  }

  /** Throws `file-unwritable`. */
  async flush(): Promise<void> {
    this.#flushed = Date.now();
    if (this.#bytes === 0) return;
    const all = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#bytes = 0;
    await addToFile('TensorBoard', this.path, all);
  }

  #add(event: Uint8Array): void {
    const record = encodeTfRecord(event);
    this.#pending.push(record);
    this.#bytes += record.length;
  }
}

function now(): number {
  return Date.now() / 1000;
}
