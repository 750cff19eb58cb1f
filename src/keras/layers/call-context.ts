/** What inner layers take from the call they are in: whether it is training, and where they are. */

export interface CallContext {
  readonly training: boolean;
  /** Whether somebody said so, or nobody did. */
  readonly explicit: boolean;
  /** Whether the outermost layers are called: those of models, not of other layers. */
  readonly ofModel: boolean;
}

let context: CallContext | undefined;
let path: readonly string[] = [];

/** The call that is going on; undefined outside of calls. */
export function callContext(): CallContext | undefined {
  return context;
}

/** Runs `f` as a call. */
export function inCall<T>(c: CallContext, f: () => T): T {
  const outer = context;
  context = c;
  try {
    return f();
  } finally {
    context = outer;
  }
}

/** Names of the layers being built or called, from the outermost. */
export function layerPath(): readonly string[] {
  return path;
}

/** Runs `f` inside of the layer of that name. */
export function inLayer<T>(name: string, f: () => T): T {
  const outer = path;
  path = [...outer, name];
  try {
    return f();
  } finally {
    path = outer;
  }
}
