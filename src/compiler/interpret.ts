/**
 * Runs a program exactly and without hurry: the oracle for the printers.
 *
 * Each kernel becomes JavaScript source with float32 rounded by Math.fround and integers kept by
 * `|0`, `>>>0` and Math.imul; every access is checked against its buffer's bounds. Parallel indices
 * run backwards, since their order must not matter, and memory starts out as NaN bits, so that what
 * is read before it is written shows.
 */
import { bytesOf, makeArray, type TypedArray, viewArray } from '../dtype.ts';
import { type Expr, exprOrder, type Scalar } from '../expr/expr.ts';
import { type BufferRef, exprsOf, type Kernel, type Stmt } from './loopnest.ts';
import type { BufferDecl, Program, Step } from './program.ts';

/** Contents of the outputs, in order. `inputs` are not changed, donated or not. */
export function interpretProgram(program: Program, inputs: readonly Uint8Array[]): Uint8Array[] {
  const arena = new Uint8Array(program.arenaBytes).fill(0xff);
  const outputs: Uint8Array[] = [];
  const memory = (b: BufferDecl): TypedArray => {
    const { place } = b;
    switch (place.kind) {
      case 'input':
        return viewArray(b.dtype, inputs[place.slot].slice().buffer, 0, b.length);
      case 'output': {
        const contents =
          place.donatedFrom === undefined
            ? new Uint8Array(b.length * bytesOf(b.dtype)).fill(0xff)
            : inputs[place.donatedFrom].slice();
        outputs[place.slot] = contents;
        return viewArray(b.dtype, contents.buffer, 0, b.length);
      }
      case 'arena':
        return viewArray(b.dtype, arena.buffer, place.offset, b.length);
      case 'constant':
        return viewArray(b.dtype, place.data.slice().buffer, 0, b.length);
    }
  };
  const buffers = program.buffers.map(memory);
  interpretOver(program, buffers);
  return outputs;
}

const compiled = new WeakMap<Kernel, Compiled>();

/** The same over memory that the caller brings: one array for each buffer of the program. */
export function interpretOver(program: Program, buffers: readonly TypedArray[]): void {
  runSteps(program.steps, buffers, new Map());
}

function runSteps(
  steps: readonly Step[],
  buffers: readonly TypedArray[],
  indices: Map<Expr, number>,
): void {
  for (const { kernel, control } of steps) {
    if (kernel) {
      let run = compiled.get(kernel);
      if (!run) {
        run = compileKernel(kernel, buffers.length);
        compiled.set(kernel, run);
      }
      run(
        helpers,
        (kernel.outer ?? []).map((v) => indices.get(v)!),
        ...buffers,
      );
    } else if (control.kind === 'loop') {
      for (let i = 0; i < control.extent; i++) {
        indices.set(control.index, i);
        runSteps(control.steps, buffers, indices);
      }
    } else if (control.kind === 'branch') {
      const { then, otherwise } = control;
      runSteps(buffers[control.predicate][0] ? then : otherwise, buffers, indices);
    } else {
      while (buffers[control.predicate][0]) runSteps(control.steps, buffers, indices);
    }
  }
}

type Compiled = (h: typeof helpers, outer: number[], ...buffers: TypedArray[]) => void;

function compileKernel(kernel: Kernel, buffers: number): Compiled {
  const scratch = kernel.scratch
    .map((s, i) => `const s${i} = h.make("${s.dtype}", ${s.length});`)
    .join('');
  const body = statements(kernel.body);
  const loop = kernel.parallel
    ? `for (let ${kernel.parallel.index.name} = ${kernel.parallel.extent - 1}; ${kernel.parallel.index.name} >= 0; ${kernel.parallel.index.name}--) {${body}}`
    : body;
  const outer = (kernel.outer ?? []).map((v) => v.name).join();
  const names = Array.from({ length: buffers }, (_, i) => `b${i}`);
  return new Function(
    'h',
    'outer',
    ...names,
    `"use strict"; const where = ${JSON.stringify(kernel.name)}; const [${outer}] = outer; ${scratch}${loop}`,
  ) as Compiled;
}

const bits = new DataView(new ArrayBuffer(4));

const helpers = {
  make: makeArray,
  load(buffer: TypedArray, i: number, where: string, name: string): number {
    if (!(i >= 0 && i < buffer.length))
      throw new RangeError(`${where}: load of ${name}[${i}], length ${buffer.length}`);
    return buffer[i];
  },
  store(buffer: TypedArray, i: number, v: number, where: string, name: string): void {
    if (!(i >= 0 && i < buffer.length))
      throw new RangeError(`${where}: store to ${name}[${i}], length ${buffer.length}`);
    buffer[i] = v;
  },
  convert(from: Scalar, to: Scalar, x: number): number {
    if (to === 'bool') return x !== 0 ? 1 : 0;
    if (to === 'float32') return Math.fround(x);
    if (to === 'float64') return x;
    if (from !== 'float32' && from !== 'float64') return to === 'int32' ? x | 0 : x >>> 0;
    if (Number.isNaN(x)) return 0;
    const [lo, hi] = to === 'int32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
    return Math.min(hi, Math.max(lo, Math.trunc(x)));
  },
  bitcast(from: Scalar, to: Scalar, x: number): number {
    if (from === 'float32') bits.setFloat32(0, x);
    else bits.setUint32(0, x >>> 0);
    if (to === 'float32') return bits.getFloat32(0);
    return to === 'int32' ? bits.getInt32(0) : bits.getUint32(0);
  },
  nearest(x: number): number {
    const r = Math.round(x);
    const even = Math.abs(x % 1) === 0.5 && r % 2 !== 0 ? r - 1 : r;
    return even === 0 ? (x < 0 || Object.is(x, -0) ? -0 : 0) : even;
  },
};

const nameOf = (b: BufferRef): string => (b < 0 ? `s${-b - 1}` : `b${b}`);
const loadOf = (b: BufferRef, index: string): string =>
  `h.load(${nameOf(b)}, ${index}, where, "${nameOf(b)}")`;
const storeTo = (b: BufferRef, index: string, value: string): string =>
  `h.store(${nameOf(b)}, ${index}, ${value}, where, "${nameOf(b)}");`;

function round(t: Scalar, e: string): string {
  switch (t) {
    case 'float32':
      return `Math.fround(${e})`;
    case 'int32':
      return `((${e}) | 0)`;
    case 'uint32':
      return `((${e}) >>> 0)`;
    default:
      return `(${e})`;
  }
}

const isInt = (t: Scalar): boolean => t === 'int32' || t === 'uint32';
const infix: Record<string, string> = {
  add: '+',
  sub: '-',
  and: '&',
  or: '|',
  xor: '^',
  shl: '<<',
  rem: '%',
};
const relation: Record<string, string> = {
  eq: '===',
  ne: '!==',
  lt: '<',
  le: '<=',
  gt: '>',
  ge: '>=',
};

function combine(op: string, t: Scalar, a: string, b: string): string {
  if (op === 'mul') return isInt(t) ? round(t, `Math.imul(${a}, ${b})`) : round(t, `${a} * ${b}`);
  if (op === 'div') return isInt(t) ? round(t, `Math.trunc(${a} / ${b})`) : round(t, `${a} / ${b}`);
  if (op === 'min' || op === 'max') return `Math.${op}(${a}, ${b})`;
  if (op === 'shr') return t === 'uint32' ? `(${a} >>> ${b})` : `(${a} >> ${b})`;
  return round(t, `${a} ${infix[op]} ${b}`);
}

function number(v: number): string {
  return Object.is(v, -0) ? '(-0)' : `(${v})`;
}

/**
 * Shared parts of the expression being printed, as calls of thunks: each is computed at most once,
 * and not at all when only an untaken side of a guard wants it.
 */
let shared: ReadonlyMap<Expr, string> = new Map();
let thunks = 0;

function expression(e: Expr): string {
  return shared.get(e) ?? spell(e);
}

/** Declares thunks for what `roots` use more than once; later text of the roots refers to them. */
function share(roots: readonly Expr[]): string {
  const uses = new Map<Expr, number>();
  const order = exprOrder(roots);
  for (const e of [...roots, ...order.flatMap((x) => x.args)]) uses.set(e, (uses.get(e) ?? 0) + 1);
  const names = new Map<Expr, string>();
  shared = names;
  let text = '';
  for (const e of order) {
    if (e.args.length === 0 || uses.get(e)! < 2) continue;
    const name = `t${thunks++}`;
    text += `let v_${name}; const ${name} = () => v_${name} === undefined ? (v_${name} = ${spell(e)}) : v_${name};`;
    names.set(e, `${name}()`);
  }
  return text;
}

function spell(e: Expr): string {
  const a = e.args.map(expression);
  const t = e.dtype;
  switch (e.op) {
    case 'const':
      return number(e.value);
    case 'var':
      return e.name;
    case 'load':
      return e.storage === 'bool'
        ? `(${loadOf(e.buffer, a[0])} !== 0 ? 1 : 0)`
        : loadOf(e.buffer, a[0]);
    case 'select':
    case 'guard':
      return `(${a[0]} ? ${a[1]} : ${a[2]})`;
    case 'convert':
      return `h.convert("${e.args[0].dtype}", "${t}", ${a[0]})`;
    case 'bitcast':
      return `h.bitcast("${e.args[0].dtype}", "${t}", ${a[0]})`;
    case 'toInt':
      return `(${a[0]} | 0)`;
    case 'neg':
      return round(t, `-${a[0]}`);
    case 'not':
      return t === 'bool' ? `(1 - ${a[0]})` : round(t, `~${a[0]}`);
    case 'nearest':
      return `h.nearest(${a[0]})`;
    case 'abs':
    case 'sqrt':
    case 'floor':
    case 'ceil':
    case 'trunc':
      return round(t, `Math.${e.op}(${a[0]})`);
    case 'eq':
    case 'ne':
    case 'lt':
    case 'le':
    case 'gt':
    case 'ge':
      return `(${a[0]} ${relation[e.op]} ${a[1]} ? 1 : 0)`;
    default:
      return combine(e.op, t, a[0], a[1]);
  }
}

const statements = (body: readonly Stmt[]): string => body.map(statement).join('');

function statement(s: Stmt): string {
  if (s.kind === 'while') {
    // The condition is computed anew each time around.
    shared = new Map();
    const cond = expression(s.cond);
    return `while (${cond}) {${statements(s.body)}}`;
  }
  return share(exprsOf(s)) + shareless(s);
}

function shareless(s: Exclude<Stmt, { kind: 'while' }>): string {
  switch (s.kind) {
    case 'for': {
      const i = s.index.name;
      const start = expression(s.start);
      return `{ const end_${i} = ${start} + ${expression(s.extent)}; for (let ${i} = ${start}; ${i} < end_${i}; ${i} += ${s.step}) {${statements(s.body)}} }`;
    }
    case 'let':
      return `const ${s.variable.name} = ${expression(s.value)};`;
    case 'accum':
      return `let ${s.variable.name} = ${expression(s.init)};`;
    case 'update':
      return `${s.variable.name} = ${combine(s.op, s.variable.dtype, s.variable.name, expression(s.value))};`;
    case 'set':
      return `${s.variable.name} = ${expression(s.value)};`;
    case 'store':
      return storeTo(s.buffer, expression(s.index), expression(s.value));
    case 'if':
      return `if (${expression(s.cond)}) {${statements(s.then)}}${s.otherwise ? ` else {${statements(s.otherwise)}}` : ''}`;
    case 'tile': {
      const out = `${expression(s.out.base)} + m * ${s.out.row} + n`;
      const { extent, aStep, bStep } = s.outer ?? { extent: undefined, aStep: 0, bStep: 0 };
      const a = loadOf(
        s.a.buffer,
        `${expression(s.a.base)} + m * ${s.a.row} + r * ${aStep} + k * ${s.a.step}`,
      );
      const b = loadOf(s.b.buffer, `${expression(s.b.base)} + r * ${bStep} + k * ${s.b.step} + n`);
      const init = s.accumulate ? loadOf(s.out.buffer, out) : '0';
      const step = round(s.dtype, `acc + ${round(s.dtype, `${a} * ${b}`)}`);
      return `for (let m = 0; m < ${s.rows}; m++) for (let n = 0; n < ${s.cols}; n++) { let acc = ${init}; const depth = ${expression(s.depth)}, rounds = ${extent ? expression(extent) : '1'}; for (let r = 0; r < rounds; r++) for (let k = 0; k < depth; k++) acc = ${step}; ${storeTo(s.out.buffer, out, 'acc')} }`;
    }
  }
}
