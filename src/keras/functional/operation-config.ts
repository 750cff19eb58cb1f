/**
 * Calls of operations: as they are written, by place in Keras's order or by name; as Keras's configs divide
 * them, `{ config: { axis: 1 }, args: [x], kwargs: {} }`; and as the functions here take them, `[x, 1]`.
 * What is divided how stands in operation-table.ts.
 */
import { GradloomError } from '../../errors.ts';
import { isOptions } from '../../numpy/support.ts';
import { checkOptions } from '../../options.ts';
import { didYouMean } from '../../suggest.ts';
import { type Index, parseIndex } from '../../tensor/indexing.ts';
import { isSerialized } from '../serialization.ts';
import { isPlainObject } from '../tree.ts';
import type { OperationEntry, Parameter } from './operation-table.ts';

type Named = Readonly<Record<string, unknown>>;

/** A call in Keras's form. */
export interface DividedCall {
  /** Options of the class. */
  readonly options: Named;
  readonly args: readonly unknown[];
  readonly kwargs: Named;
}

const byPlace = ({ place }: Parameter): boolean => place === 'place' || place === 'either';

/** The call in Keras's form; undefined for one that Keras has no form for. */
export function divideCall(
  entry: OperationEntry,
  given: readonly unknown[],
): DividedCall | undefined {
  if (entry.className === 'GetItem') return divideIndex(given);
  const named = nameArguments(entry, given);
  if (!named) return undefined;
  const options: Record<string, unknown> = {};
  const kwargs: Record<string, unknown> = {};
  const args: unknown[] = [];
  let gap = false;
  for (const { name, isOption, isNeeded, place } of entry.parameters) {
    const value = named[name] === undefined && isNeeded ? null : named[name];
    if (place === 'rest') args.push(...(value as unknown[]));
    else if (value === undefined) gap ||= !isOption;
    else if (isOption && !isPlain(value)) return undefined;
    else if (isOption) options[name] = value;
    else if (place === 'place' && !gap) args.push(value);
    else kwargs[name] = value;
  }
  return { options, args, kwargs };
}

/** Whether a class of Keras's can be made with it out of a config: no tensors. */
function isPlain(x: unknown): boolean {
  return Array.isArray(x) ? x.every(isPlain) : x === null || typeof x !== 'object';
}

/** Arguments by the names in the table; undefined where one has no name there. */
function nameArguments(entry: OperationEntry, given: readonly unknown[]): Named | undefined {
  const { parameters } = entry;
  const named: Record<string, unknown> = {};
  const rest = parameters.findIndex((p) => p.place === 'rest');
  const hasObject = parameters.some((p) => p.place === 'object');
  const list = [...given];
  const last = list.at(-1);
  if (list.length > 1 && isPlainObject(last) && (rest < 0 || hasObject)) {
    list.pop();
    for (const [k, v] of Object.entries(last)) {
      if (v === undefined) continue;
      if (parameters.some((p) => p.name === k && p.place !== 'rest' && !p.isOwn)) named[k] = v;
      else if (!isFixed(entry, k, v)) return undefined;
    }
  }
  if (rest >= 0) named[parameters[rest].name] = list.splice(rest);
  const places = parameters.filter(byPlace);
  for (const [i, v] of list.entries()) {
    if (v === undefined) continue;
    if (!places[i]) return undefined;
    named[places[i].name] = v;
  }
  return named;
}

const isFixed = ({ fixed }: OperationEntry, name: string, value: unknown): boolean =>
  fixed.has(name) && fixed.get(name) === (value ?? null);

/** Where null is a value of its own; elsewhere it is the same as nothing. */
const nullable = /^(axis|axes|xMin|xMax)$/;

/** The arguments of the function. Throws `unknown-option`, `layer-config`, naming what it does not have. */
export function joinCall(entry: OperationEntry, call: DividedCall): unknown[] {
  const { parameters } = entry;
  const inCall = parameters.filter((p) => !p.isOption && !p.isOwn);
  const last = inCall.at(-1);
  // Before configs had options, all arguments stood in the call.
  if (call.args.length > inCall.length && last?.place !== 'rest' && noOptions(call))
    return [...call.args];
  if (entry.className === 'GetItem') return joinIndex(call);
  const named: Record<string, unknown> = {};
  const put = (name: string, value: unknown, isOption: boolean): void => {
    const known = parameters.some((p) => p.name === name && p.isOption === isOption && !p.isOwn);
    if (known) named[name] = value;
    else if (!isFixed(entry, name, value)) throw refused(entry, name, value);
  };
  const args = [...call.args];
  for (const { name, place } of inCall) {
    if (args.length === 0) break;
    named[name] = place === 'rest' ? args.splice(0) : args.shift();
  }
  if (args.length > 0) throw refused(entry, `argument ${call.args.length}`, args.at(-1));
  for (const [k, v] of Object.entries(call.kwargs)) put(k, v, false);
  for (const [k, v] of Object.entries(call.options)) put(k, v, true);

  return toFunction(parameters, named);
}

/** Arguments by name, as the function takes them. */
function toFunction(parameters: readonly Parameter[], named: Named): unknown[] {
  const out: unknown[] = [];
  const object: Record<string, unknown> = {};
  for (const { name, place } of parameters) {
    const value = named[name] === null && !nullable.test(name) ? undefined : named[name];
    if (place === 'rest') out.push(...((value ?? []) as unknown[]));
    else if (place === 'place') out.push(value);
    else if (value !== undefined) object[name] = value;
  }
  if (Object.keys(object).length > 0) return [...out, object];
  while (out.length > 0 && out[out.length - 1] === undefined) out.pop();
  return out;
}

/**
 * The arguments of a call as the function takes them, whether they were given by place, in Keras's order, or
 * by name in an object after those. Throws `unknown-option`, `layer-config`.
 */
export function arrangeCall(
  entry: OperationEntry,
  fn: string,
  given: readonly unknown[],
): unknown[] {
  const { parameters, fixed } = entry;
  if (parameters.some((p) => p.place === 'rest') || entry.className === 'GetItem')
    return [...given];
  const names = [...parameters.map((p) => p.name), ...fixed.keys()];
  const last = given.length > 1 ? given[given.length - 1] : undefined;
  const options = isOptions(last) ? last : {};
  checkOptions(fn, options, names);
  const places = isOptions(last) ? given.slice(0, -1) : given;
  const named: Record<string, unknown> = {};
  const put = (name: string, value: unknown): void => {
    if (value === undefined) return;
    if (!fixed.has(name)) named[name] = value;
    else if (!isFixed(entry, name, value)) throw refused(entry, name, value);
  };
  // As elsewhere in JavaScript, what a function has no place for is not looked at: xs.map(ops.relu).
  places.slice(0, names.length).forEach((value, i) => {
    put(names[i], value);
  });
  for (const [name, value] of Object.entries(options)) put(name, value);
  return toFunction(parameters, named);
}

const noOptions = ({ options, kwargs }: DividedCall): boolean =>
  Object.keys(options).length === 0 && Object.keys(kwargs).length === 0;

function refused(
  { className, parameters, fixed }: OperationEntry,
  name: string,
  value: unknown,
): GradloomError {
  const shown = JSON.stringify(value);
  if (fixed.has(name))
    return new GradloomError(
      'layer-config',
      `The operation ${className} is only read with ${name} ${JSON.stringify(fixed.get(name))}; received ${shown}.`,
      { className, option: name, value },
    );
  const names = [...parameters.map((p) => p.name), ...fixed.keys()];
  return new GradloomError(
    'unknown-option',
    `The operation ${className} has no option "${name}" (${shown}).${didYouMean(name, names)}`,
    { className, option: name, allowed: names },
  );
}

// ---- x[1, 2:, ..., None]

const part = (className: string, config: Named): unknown => ({ className, config });

function divideIndex([x, ...given]: readonly unknown[]): DividedCall | undefined {
  const key: unknown[] = [];
  for (const i of given.flatMap((g) => (typeof g === 'string' ? parseIndex(g) : [g as Index]))) {
    if (i === null || typeof i === 'number') key.push(i);
    else if (i === '...') key.push(part('__ellipsis__', {}));
    else if (i === ':' || Array.isArray(i)) {
      const [start = null, stop = null, step = null] = i === ':' ? [] : i;
      key.push(part('__slice__', { start, stop, step }));
    } else return undefined;
  }
  return { options: {}, args: [x, key], kwargs: {} };
}

function joinIndex({ args, kwargs, options }: DividedCall): unknown[] {
  const [x, key = kwargs.key] = args;
  const other = [...Object.keys(options), ...Object.keys(kwargs)].find((k) => k !== 'key');
  const wrong = (i: unknown): never => {
    throw new GradloomError(
      'layer-config',
      `The operation GetItem is read with whole numbers, slices, None and ... as its index; received ${JSON.stringify(i)?.slice(0, 100)}.`,
      { className: 'GetItem' },
    );
  };
  if (other) wrong(other);
  return [
    x,
    ...(Array.isArray(key) ? key : [key]).map((i: unknown): Index => {
      if (i === null || Number.isInteger(i)) return i as Index;
      if (!isSerialized(i)) return wrong(i);
      if (i.className === '__ellipsis__') return '...';
      const { start, stop, step } = i.config;
      const bounds = [start ?? null, stop ?? null, step ?? null];
      if (i.className !== '__slice__' || bounds.some((b) => b !== null && !Number.isInteger(b)))
        return wrong(i);
      return bounds as unknown as Index;
    }),
  ];
}
