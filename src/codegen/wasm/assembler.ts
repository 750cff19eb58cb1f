/** A small assembler: instructions, functions, modules of WebAssembly. */
import { type OpName, op } from './opcodes.ts';

export type ValueType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128';

const typeByte: Record<ValueType, number> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};
/** The type of a block that leaves nothing. */
export const noType = 0x40;

const numbers = new DataView(new ArrayBuffer(8));

/** Bytes that grow, with the encodings of the format. */
export class Code {
  #bytes: Uint8Array = new Uint8Array(128);
  length = 0;

  #need(n: number): void {
    if (this.length + n <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.length + n, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.length));
    this.#bytes = grown;
  }

  byte(b: number): void {
    this.#need(1);
    this.#bytes[this.length++] = b;
  }

  bytes(data: Uint8Array | readonly number[]): void {
    this.#need(data.length);
    this.#bytes.set(data, this.length);
    this.length += data.length;
  }

  append(code: Code): void {
    this.bytes(code.view());
  }

  view(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }

  unsigned(value: number): void {
    let v = value;
    while (v >= 0x80) {
      this.byte((v % 0x80) | 0x80);
      v = Math.floor(v / 0x80);
    }
    this.byte(v);
  }

  signed(value: number): void {
    let v = value | 0;
    for (;;) {
      const low = v & 0x7f;
      v >>= 7;
      if ((v === 0 && (low & 0x40) === 0) || (v === -1 && (low & 0x40) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  name(text: string): void {
    const data = new TextEncoder().encode(text);
    this.unsigned(data.length);
    this.bytes(data);
  }

  /** An instruction without immediates, or the start of one. */
  op(name: OpName): void {
    const code = op[name];
    const prefix = code >>> 16;
    if (prefix === 0) this.byte(code);
    else {
      this.byte(prefix);
      this.unsigned(code & 0xffff);
    }
  }

  get(local: number): void {
    this.op('local.get');
    this.unsigned(local);
  }

  set(local: number): void {
    this.op('local.set');
    this.unsigned(local);
  }

  tee(local: number): void {
    this.op('local.tee');
    this.unsigned(local);
  }

  i32(value: number): void {
    this.op('i32.const');
    this.signed(value);
  }

  i64(value: number): void {
    this.op('i64.const');
    let v = BigInt(value);
    for (;;) {
      const low = Number(v & 0x7fn);
      v >>= 7n;
      if ((v === 0n && (low & 0x40) === 0) || (v === -1n && (low & 0x40) !== 0)) {
        this.byte(low);
        return;
      }
      this.byte(low | 0x80);
    }
  }

  f32(value: number): void {
    this.op('f32.const');
    numbers.setFloat32(0, value, true);
    for (let i = 0; i < 4; i++) this.byte(numbers.getUint8(i));
  }

  f64(value: number): void {
    this.op('f64.const');
    numbers.setFloat64(0, value, true);
    for (let i = 0; i < 8; i++) this.byte(numbers.getUint8(i));
  }

  v128(bytes: Uint8Array): void {
    this.op('v128.const');
    this.bytes(bytes);
  }

  shuffle(lanes: readonly number[]): void {
    this.op('i8x16.shuffle');
    this.bytes(lanes);
  }

  lane(name: OpName, lane: number): void {
    this.op(name);
    this.byte(lane);
  }

  /** A load or store; `align` is the logarithm of the alignment that may be counted on. */
  memory(name: OpName, offset: number, align: number, lane?: number): void {
    this.op(name);
    this.unsigned(align);
    this.unsigned(offset);
    if (lane !== undefined) this.byte(lane);
  }

  block(result?: ValueType): void {
    this.#control('block', result);
  }

  loop(result?: ValueType): void {
    this.#control('loop', result);
  }

  if(result?: ValueType): void {
    this.#control('if', result);
  }

  #control(name: 'block' | 'loop' | 'if', result?: ValueType): void {
    this.op(name);
    this.byte(result ? typeByte[result] : noType);
  }

  br(depth: number): void {
    this.op('br');
    this.unsigned(depth);
  }

  brIf(depth: number): void {
    this.op('br_if');
    this.unsigned(depth);
  }

  call(index: number): void {
    this.op('call');
    this.unsigned(index);
  }
}

export class FunctionBuilder {
  readonly index: number;
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly code: Code = new Code();
  readonly locals: ValueType[] = [];

  constructor(
    index: number,
    name: string,
    params: readonly ValueType[],
    results: readonly ValueType[],
  ) {
    this.index = index;
    this.name = name;
    this.params = params;
    this.results = results;
  }

  local(type: ValueType): number {
    this.locals.push(type);
    return this.params.length + this.locals.length - 1;
  }
}

export interface MemoryImport {
  readonly shared: boolean;
  /** Pages of 64 KiB; required when shared. */
  readonly maximum?: number;
}

/** A module that imports one memory, `env.memory`, and perhaps functions from `env`. */
export class ModuleBuilder {
  readonly #memory: MemoryImport;
  readonly #imports: { name: string; params: ValueType[]; results: ValueType[] }[] = [];
  readonly #functions: FunctionBuilder[] = [];
  readonly #exports = new Map<string, number>();

  constructor(memory: MemoryImport) {
    this.#memory = memory;
  }

  /** Imports come before functions of one's own. */
  importFunction(name: string, params: ValueType[], results: ValueType[]): number {
    if (this.#functions.length > 0) throw new Error('imports come first');
    this.#imports.push({ name, params, results });
    return this.#imports.length - 1;
  }

  function(
    name: string,
    params: readonly ValueType[],
    results: readonly ValueType[] = [],
  ): FunctionBuilder {
    const index = this.#imports.length + this.#functions.length;
    const f = new FunctionBuilder(index, name, params, results);
    this.#functions.push(f);
    return f;
  }

  export(name: string, f: FunctionBuilder): void {
    this.#exports.set(name, f.index);
  }

  finish(): Uint8Array<ArrayBuffer> {
    const types: string[] = [];
    const typeOf = (params: readonly ValueType[], results: readonly ValueType[]): number => {
      const key = `${params.join()}>${results.join()}`;
      const known = types.indexOf(key);
      return known >= 0 ? known : types.push(key) - 1;
    };
    const signatures = this.#functions.map((f) => typeOf(f.params, f.results));
    const imports = this.#imports.map((f) => typeOf(f.params, f.results));

    const out = new Code();
    out.bytes([0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
    const section = (id: number, fill: (c: Code) => void): void => {
      const c = new Code();
      fill(c);
      out.byte(id);
      out.unsigned(c.length);
      out.append(c);
    };
    section(1, (c) => {
      c.unsigned(types.length);
      for (const key of types) {
        c.byte(0x60);
        for (const side of key.split('>')) {
          const list = side === '' ? [] : (side.split(',') as ValueType[]);
          c.unsigned(list.length);
          for (const t of list) c.byte(typeByte[t]);
        }
      }
    });
    section(2, (c) => {
      c.unsigned(1 + this.#imports.length);
      c.name('env');
      c.name('memory');
      c.byte(2);
      const { shared, maximum } = this.#memory;
      c.byte(maximum === undefined ? 0 : shared ? 3 : 1);
      c.unsigned(0);
      if (maximum !== undefined) c.unsigned(maximum);
      this.#imports.forEach((f, i) => {
        c.name('env');
        c.name(f.name);
        c.byte(0);
        c.unsigned(imports[i]);
      });
    });
    section(3, (c) => {
      c.unsigned(signatures.length);
      for (const s of signatures) c.unsigned(s);
    });
    section(7, (c) => {
      c.unsigned(this.#exports.size);
      for (const [name, index] of this.#exports) {
        c.name(name);
        c.byte(0);
        c.unsigned(index);
      }
    });
    section(10, (c) => {
      c.unsigned(this.#functions.length);
      for (const f of this.#functions) {
        const body = new Code();
        const runs: [ValueType, number][] = [];
        for (const t of f.locals) {
          const last = runs[runs.length - 1];
          if (last?.[0] === t) last[1]++;
          else runs.push([t, 1]);
        }
        body.unsigned(runs.length);
        for (const [t, n] of runs) {
          body.unsigned(n);
          body.byte(typeByte[t]);
        }
        body.append(f.code);
        body.op('end');
        c.unsigned(body.length);
        c.append(body);
      }
    });
    // Names of functions, for profilers and stack traces.
    section(0, (c) => {
      c.name('name');
      const names = new Code();
      names.unsigned(this.#functions.length);
      for (const f of this.#functions) {
        names.unsigned(f.index);
        names.name(f.name);
      }
      c.byte(1);
      c.unsigned(names.length);
      c.append(names);
    });
    return out.view().slice();
  }

  get functions(): readonly FunctionBuilder[] {
    return this.#functions;
  }
}
