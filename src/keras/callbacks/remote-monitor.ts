/** RemoteMonitor. */
import { checkOptions } from '../identifiers.ts';
import { Callback, figuresOf, type Logs } from './callback.ts';

export interface RemoteMonitorOptions {
  /** The server. Default `http://localhost:9000`. */
  readonly root?: string;
  /** Default `/publish/epoch/end/`. */
  readonly path?: string;
  /** Name of the form's field that holds the JSON. Default `data`. */
  readonly field?: string;
  readonly headers?: Readonly<Record<string, string>> | null;
  /** Sends JSON as it is instead of in a form. Default false. */
  readonly sendAsJson?: boolean;
}

/**
 * Posts `{"epoch": 0, "loss": 0.5, …}` to a server at the end of every epoch, by Keras's names; null
 * stands for what JSON has no number for. A server that cannot be reached is warned of, once, and
 * training goes on.
 */
export class RemoteMonitor extends Callback {
  readonly root: string;
  readonly path: string;
  readonly field: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly sendAsJson: boolean;
  #warned = false;

  constructor(o: RemoteMonitorOptions = {}) {
    super();
    checkOptions('RemoteMonitor', o, ['root', 'path', 'field', 'headers', 'sendAsJson']);
    this.root = o.root ?? 'http://localhost:9000';
    this.path = o.path ?? '/publish/epoch/end/';
    this.field = o.field ?? 'data';
    this.headers = o.headers ?? {};
    this.sendAsJson = o.sendAsJson ?? false;
  }
  override async onEpochEnd(epoch: number, logs: Logs = {}): Promise<void> {
    const json = JSON.stringify({ epoch, ...Object.fromEntries(figuresOf(logs)) });
    const type = this.sendAsJson ? { 'content-type': 'application/json' } : undefined;
    const body = this.sendAsJson ? json : new URLSearchParams({ [this.field]: json });
    try {
      const answer = await fetch(this.root + this.path, {
        method: 'POST',
        headers: { ...type, ...this.headers },
        body,
      });
      await answer.body?.cancel();
    } catch {
      if (!this.#warned) console.warn(`Could not reach RemoteMonitor root server at ${this.root}`);
      this.#warned = true;
    }
  }
}

export const remoteMonitor = (o: RemoteMonitorOptions = {}): RemoteMonitor => new RemoteMonitor(o);
