/** Functions as parts of a model: what is called with KerasTensors is written down instead of run. */
import { GradloomError } from '../../errors.ts';
import { didYouMean } from '../../suggest.ts';
import type { Tensor } from '../../tensor/index.ts';
import { camelCase } from '../identifiers.ts';
import { isSpec, traceSpecs } from '../layers/stand-ins.ts';
import type { SpecTree, TensorSpec, Tensors } from '../layers/types.ts';
import { autoName } from '../naming.ts';
import { mapTree, type TreeOf } from '../tree.ts';
import { KerasTensor } from './keras-tensor.ts';
import { isSymbolic, kerasTensorsIn, Node, type Operation } from './node.ts';
import { arrangeCall } from './operation-config.ts';
import {
  entryOfClass,
  entryOfFunction,
  type OperationEntry,
  operationClasses,
} from './operation-table.ts';

/** A function of tensors and other values. */
export type TensorFn = (...args: never[]) => Tensors;

/** What Keras calls the operations that are methods of tensors here. */
const methodNames: Readonly<Record<string, string>> = {
  sub: 'Subtract',
  mul: 'Multiply',
  div: 'TrueDivide',
  floorDiv: 'FloorDivide',
  pow: 'Power',
  eq: 'Equal',
  ne: 'NotEqual',
  lt: 'Less',
  le: 'LessEqual',
  gt: 'Greater',
  ge: 'GreaterEqual',
  neg: 'Negative',
  abs: 'Absolute',
  astype: 'Cast',
  slice: 'GetItem',
};

const pascal = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
const classOf = (method: string): string => methodNames[method] ?? pascal(method);
const classOfFunction = (fn: string): string =>
  entryOfFunction(fn)?.className ?? pascal(camelCase(fn));

/** A function with a name, as one part of a model. */
export class FunctionOperation implements Operation {
  readonly name: string;
  readonly className: string;
  readonly #fn: TensorFn;
  readonly #nodes: Node[] = [];

  constructor(className: string, fn: TensorFn, name?: string) {
    this.className = className;
    this.name = name ?? autoName(className);
    this.#fn = fn;
  }

  get inboundNodes(): readonly Node[] {
    return this.#nodes;
  }

  /** The same function and name, with no calls. */
  again(): FunctionOperation {
    return new FunctionOperation(this.className, this.#fn, this.name);
  }

  /** The function of its arguments. */
  run(args: unknown): Tensors {
    return this.#fn(...(args as never[]));
  }

  /** Writes down a call; what it will give. */
  record(args: readonly unknown[]): TreeOf<KerasTensor> {
    const given = kerasTensorsIn(args);
    const specs = traceSpecs(
      (standIns) => {
        const tensors = standIns as readonly Tensor[];
        let i = 0;
        const put = (t: unknown): unknown => (t instanceof KerasTensor ? tensors[i++] : t);
        return this.run(mapTree<unknown, unknown>(args as never, put) as unknown[]);
      },
      given.map(({ shape, dtype }) => ({ shape, dtype })),
    );
    const outputs = symbolsOf(specs);
    this.adopt(args, {}, outputs);
    return outputs;
  }

  /** Writes down a call whose results are known. */
  adopt(inputs: unknown, options: object, outputs: TreeOf<KerasTensor>): void {
    const call = { operation: this, inputs, options: { ...options }, outputs };
    this.#nodes.push(new Node(call, this.#nodes.length));
  }
}

/** KerasTensors of these specs. */
export function symbolsOf(specs: SpecTree): TreeOf<KerasTensor> {
  return mapTree<TensorSpec, KerasTensor>(specs, (s) => new KerasTensor(s.shape, s.dtype), isSpec);
}

/** A method of Tensor on a KerasTensor. */
export function callMethod(method: string, x: KerasTensor, ...args: unknown[]): KerasTensor {
  while (args.length > 0 && args[args.length - 1] === undefined) args.pop();
  return operationOf(classOf(method)).record([x, ...args]) as KerasTensor;
}

/**
 * A function that may also be called on KerasTensors: then the call becomes a part of the model, an
 * operation of that name (`oneHot` is `OneHot`), and its results are KerasTensors.
 */
export function symbolic<F extends (...args: never[]) => unknown>(name: string, fn: F): F {
  const either = (...given: never[]): unknown => {
    const entry = entryOfFunction(name);
    const args = (entry ? arrangeCall(entry, name, given) : given) as never[];
    return args.some((a) => isSymbolic(a))
      ? new FunctionOperation(classOfFunction(name), fn as unknown as TensorFn).record(args)
      : fn(...args);
  };
  return either as F;
}

type Namespace = Readonly<Record<string, unknown>>;

/** Namespaces whose functions configs may name. */
const namespaces = new Set<Namespace>();

/** Makes functions known to configs, by the names they are exported under; also those of `image` in it. */
export function provideOperations(functions: Namespace): void {
  namespaces.add(functions);
}

function providedFunction(fn: string): TensorFn | undefined {
  for (const n of namespaces)
    for (const from of [n, n.image as Namespace | undefined])
      if (from && Object.hasOwn(from, fn) && typeof from[fn] === 'function')
        return from[fn] as TensorFn;
  return undefined;
}

/**
 * A fresh operation of that class: a method of tensors, or a function that was provided. Configs decide
 * no more than which class of operation-table.ts it is. Throws `unknown-id`.
 */
export function operationOf(className: string, name?: string): FunctionOperation {
  const entry = entryOfClass(className) ?? entryOfFunction(plain(className));
  const fn = entry && functionOf(entry);
  if (!fn)
    throw new GradloomError(
      'unknown-id',
      `Unknown operation "${className}": keras.ops has none of that name here.${didYouMean(className, operationClasses())}`,
      { className },
    );
  return new FunctionOperation(entry.className, fn, name);
}

const plain = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

/** What a method of tensors does, or a function of that name does with what is no tensor. */
function functionOf({ className, fn }: OperationEntry): TensorFn | undefined {
  const known = Object.keys(methodNames).find((m) => methodNames[m] === className);
  const provided = providedFunction(fn);
  const method = known ?? fn;
  if (known === undefined && provided) return provided;
  if (!Object.hasOwn(KerasTensor.prototype, method)) return provided;
  const call = (x: unknown, ...args: unknown[]): unknown => {
    const own = (x as Record<string, unknown> | null)?.[method];
    if (typeof own === 'function') return own.apply(x, args);
    if (provided) return provided(x as never, ...(args as never[]));
    throw new GradloomError(
      'layer-config',
      `The operation ${className} is a method of tensors; received ${JSON.stringify(x)}.`,
      { className },
    );
  };
  return call as unknown as TensorFn;
}
