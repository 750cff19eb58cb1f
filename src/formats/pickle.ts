/**
 * Data out of Python's pickles, without Python: lists, tuples, dictionaries, numbers, text, bytes and
 * NumPy arrays, as the pickled files of public datasets hold. A pickle is a program that may call any
 * function of Python; here only the four that rebuild arrays are known, none of which runs anything,
 * and every other one is refused by name. See Lib/pickletools.py for the instructions.
 */
import { GradloomError } from '../errors.ts';

/** A NumPy array: its elements' bytes, or, of dtype object, the elements. */
export interface PickledArray {
  readonly kind: 'array';
  readonly shape: readonly number[];
  /** As NumPy writes it: `|u1`, `<i8`, `|O`. */
  readonly descr: string;
  readonly fortran: boolean;
  readonly data: Uint8Array | readonly Pickled[];
}

/** Text is string, bytes (and the text of Python 2) Uint8Array; long integers are bigint beyond 2^53. */
export type Pickled =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Pickled[]
  | Map<string, Pickled>
  | PickledArray;

export interface UnpickleOptions {
  /** What error messages call the input. Default `The pickle`. */
  readonly name?: string;
}

/** A function of Python, by name. */
class Global {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/** A dtype as it is being rebuilt. */
class Dtype {
  readonly code: string;
  order = '|';
  constructor(code: string) {
    this.code = code;
  }
}

/** An array, empty until it is rebuilt. */
class Built implements PickledArray {
  readonly kind = 'array';
  shape: readonly number[] = [0];
  descr = '|O';
  fortran = false;
  data: Uint8Array | readonly Pickled[] = [];
}

const known = new Map([
  ['numpy.core.multiarray _reconstruct', 'reconstruct'],
  ['numpy._core.multiarray _reconstruct', 'reconstruct'],
  ['numpy ndarray', 'ndarray'],
  ['numpy dtype', 'dtype'],
  ['_codecs encode', 'encode'],
]);

const mark = Symbol('mark');
const latin1 = new TextDecoder('latin1');
const utf8 = new TextDecoder();

/** What the pickle holds. Throws `pickle` for what is none, is cut off, or calls functions. */
export function unpickle(bytes: Uint8Array, o: UnpickleOptions = {}): Pickled {
  return new Machine(bytes, o.name ?? 'The pickle').run();
}

class Machine {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #name: string;
  readonly #stack: unknown[] = [];
  readonly #memo = new Map<number, unknown>();
  #at = 0;

  constructor(bytes: Uint8Array, name: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#name = name;
  }

  #fail(message: string, facts: Record<string, unknown> = {}): GradloomError {
    return new GradloomError('pickle', `${this.#name} ${message}`, { name: this.#name, ...facts });
  }

  #take(n: number): number {
    const at = this.#at;
    if (!(n >= 0) || at + n > this.#bytes.length)
      throw this.#fail(`is cut off: it ends at byte ${this.#bytes.length}.`);
    this.#at += n;
    return at;
  }

  #chunk(n: number): Uint8Array {
    const at = this.#take(n);
    return this.#bytes.subarray(at, at + n);
  }

  readonly #u8 = (): number => this.#bytes[this.#take(1)];
  readonly #u16 = (): number => this.#view.getUint16(this.#take(2), true);
  readonly #i32 = (): number => this.#view.getInt32(this.#take(4), true);
  readonly #u32 = (): number => this.#view.getUint32(this.#take(4), true);
  readonly #u64 = (): number => Number(this.#view.getBigUint64(this.#take(8), true));

  #line(): string {
    const end = this.#bytes.indexOf(10, this.#at);
    if (end < 0) throw this.#fail('is cut off in the middle of a line.');
    const text = latin1.decode(this.#bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text.replace(/\r$/, '');
  }

  #pop(): unknown {
    if (this.#stack.length === 0) throw this.#fail('takes more from its stack than there is.');
    return this.#stack.pop();
  }

  /** Everything above the last mark. */
  #toMark(): unknown[] {
    const at = this.#stack.lastIndexOf(mark);
    if (at < 0) throw this.#fail('asks for a mark that was not set.');
    const items = this.#stack.splice(at + 1);
    this.#stack.pop();
    return items;
  }

  #top(): unknown {
    const top = this.#stack[this.#stack.length - 1];
    if (this.#stack.length === 0) throw this.#fail('takes more from its stack than there is.');
    return top;
  }

  /** A whole number of n bytes, little endian, two's complement. */
  #long(n: number): number | bigint {
    const chunk = this.#chunk(n);
    let v = 0n;
    for (let i = n - 1; i >= 0; i--) v = (v << 8n) | BigInt(chunk[i]);
    if (n > 0 && chunk[n - 1] & 0x80) v -= 1n << BigInt(8 * n);
    return Number.isSafeInteger(Number(v)) ? Number(v) : v;
  }

  run(): Pickled {
    for (;;) {
      const op = this.#u8();
      if (op === 0x2e) break; // STOP
      this.#step(op);
    }
    const result = this.#pop();
    if (result instanceof Global || result instanceof Dtype || typeof result === 'symbol')
      throw this.#fail('holds no data.');
    return result as Pickled;
  }

  #step(op: number): void {
    const s = this.#stack;
    switch (op) {
      case 0x80: {
        // PROTO
        const version = this.#u8();
        if (version > 5) throw this.#fail(`has protocol ${version}; 0 to 5 can be read.`);
        return;
      }
      case 0x95: // FRAME
        this.#take(8);
        return;
      case 0x28: // MARK
        s.push(mark);
        return;
      case 0x30: // POP
        this.#pop();
        return;
      case 0x31: // POP_MARK
        this.#toMark();
        return;
      case 0x32: // DUP
        s.push(this.#top());
        return;
      case 0x4e: // NONE
        s.push(null);
        return;
      case 0x88: // NEWTRUE
      case 0x89: // NEWFALSE
        s.push(op === 0x88);
        return;
      case 0x4a: // BININT
        s.push(this.#i32());
        return;
      case 0x4b: // BININT1
        s.push(this.#u8());
        return;
      case 0x4d: // BININT2
        s.push(this.#u16());
        return;
      case 0x8a: // LONG1
        s.push(this.#long(this.#u8()));
        return;
      case 0x47: // BINFLOAT
        s.push(this.#view.getFloat64(this.#take(8)));
        return;
      case 0x49: // INT
      case 0x4c: {
        // LONG
        const line = this.#line().replace(/L$/, '');
        if (line === '00' || line === '01') s.push(line === '01');
        else if (/^-?\d{1,15}$/.test(line)) s.push(Number(line));
        else throw this.#fail(`has ${JSON.stringify(line.slice(0, 40))} in the place of a number.`);
        return;
      }
      case 0x46: // FLOAT
        s.push(Number(this.#line()));
        return;
      case 0x55: // SHORT_BINSTRING
      case 0x43: // SHORT_BINBYTES
        s.push(this.#chunk(this.#u8()));
        return;
      case 0x54: // BINSTRING
      case 0x42: // BINBYTES
        s.push(this.#chunk(this.#u32()));
        return;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        s.push(this.#chunk(this.#u64()));
        return;
      case 0x8c: // SHORT_BINUNICODE
        s.push(utf8.decode(this.#chunk(this.#u8())));
        return;
      case 0x58: // BINUNICODE
        s.push(utf8.decode(this.#chunk(this.#u32())));
        return;
      case 0x8d: // BINUNICODE8
        s.push(utf8.decode(this.#chunk(this.#u64())));
        return;
      case 0x5d: // EMPTY_LIST
      case 0x29: // EMPTY_TUPLE
        s.push([]);
        return;
      case 0x6c: // LIST
      case 0x74: // TUPLE
        s.push(this.#toMark());
        return;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: {
        // TUPLE3
        const items = Array.from({ length: op - 0x84 }, () => this.#pop()).reverse();
        s.push(items);
        return;
      }
      case 0x61: {
        // APPEND
        const item = this.#pop();
        this.#list().push(item);
        return;
      }
      case 0x65: {
        // APPENDS
        const items = this.#toMark();
        const list = this.#list();
        for (const item of items) list.push(item);
        return;
      }
      case 0x7d: // EMPTY_DICT
        s.push(new Map());
        return;
      case 0x64: {
        // DICT
        const items = this.#toMark();
        s.push(new Map());
        this.#put(items);
        return;
      }
      case 0x73: {
        // SETITEM
        const value = this.#pop();
        const key = this.#pop();
        this.#put([key, value]);
        return;
      }
      case 0x75: // SETITEMS
        this.#put(this.#toMark());
        return;
      case 0x68: // BINGET
        this.#get(this.#u8());
        return;
      case 0x6a: // LONG_BINGET
        this.#get(this.#u32());
        return;
      case 0x67: // GET
        this.#get(Number(this.#line()));
        return;
      case 0x71: // BINPUT
        this.#memo.set(this.#u8(), this.#top());
        return;
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#u32(), this.#top());
        return;
      case 0x70: // PUT
        this.#memo.set(Number(this.#line()), this.#top());
        return;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return;
      case 0x63: // GLOBAL
        this.#global(this.#line(), this.#line());
        return;
      case 0x93: {
        // STACK_GLOBAL
        const name = this.#pop();
        this.#global(String(this.#pop()), String(name));
        return;
      }
      case 0x52: {
        // REDUCE
        const args = this.#pop();
        s.push(this.#call(this.#pop(), args));
        return;
      }
      case 0x62: {
        // BUILD
        const state = this.#pop();
        this.#build(this.#top(), state);
        return;
      }
      default:
        throw this.#fail(
          `has instruction 0x${op.toString(16)} at byte ${this.#at - 1}, which data does not need.`,
          { instruction: op },
        );
    }
  }

  #list(): unknown[] {
    const top = this.#top();
    if (!Array.isArray(top)) throw this.#fail('appends to what is no list.');
    return top;
  }

  #put(items: readonly unknown[]): void {
    const top = this.#top();
    if (!(top instanceof Map) || items.length % 2 === 1)
      throw this.#fail('sets items of what is no dictionary.');
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i];
      top.set(key instanceof Uint8Array ? latin1.decode(key) : String(key), items[i + 1]);
    }
  }

  #get(index: number): void {
    if (!this.#memo.has(index))
      throw this.#fail(`refers to entry ${index}, which it has not made.`);
    this.#stack.push(this.#memo.get(index));
  }

  #global(module: string, name: string): void {
    const meaning = known.get(`${module} ${name}`);
    if (!meaning)
      throw this.#fail(
        `calls ${module}.${name}; only plain data and NumPy arrays are read, and nothing is run.`,
        { module, function: name },
      );
    this.#stack.push(new Global(meaning));
  }

  #call(f: unknown, args: unknown): unknown {
    if (!(f instanceof Global) || !Array.isArray(args))
      throw this.#fail('calls what is no function.');
    if (f.name === 'reconstruct') return new Built();
    if (f.name === 'dtype') {
      const code = args[0] instanceof Uint8Array ? latin1.decode(args[0]) : args[0];
      if (typeof code === 'string' && /^([biuf]\d{1,2}|O\d?)$/.test(code)) return new Dtype(code);
      throw this.#fail(
        `has an array of dtype ${JSON.stringify(code)}; numbers and objects are read.`,
      );
    }
    // Bytes as Python 3 writes them for Python 2: text, one character a byte.
    if (f.name === 'encode' && typeof args[0] === 'string')
      return Uint8Array.from(args[0], (c) => c.charCodeAt(0));
    throw this.#fail(`calls ${f.name} in a way that makes no array.`);
  }

  #build(target: unknown, state: unknown): void {
    if (!Array.isArray(state)) throw this.#fail('rebuilds what is no array.');
    if (target instanceof Dtype) {
      const order = state[1] instanceof Uint8Array ? latin1.decode(state[1]) : state[1];
      if (order === '<' || order === '>' || order === '|') target.order = order;
      return;
    }
    const [, shape, dtype, fortran, data] = state;
    if (!(target instanceof Built) || !(dtype instanceof Dtype))
      throw this.#fail('rebuilds what is no array.');
    const whole = (n: unknown): n is number => Number.isSafeInteger(n) && (n as number) >= 0;
    if (!Array.isArray(shape) || !shape.every(whole))
      throw this.#fail('has an array whose shape is no list of sizes.');
    const count = shape.reduce((a: number, b: number) => a * b, 1);
    const objects = dtype.code.startsWith('O');
    const size = objects ? 1 : Number(dtype.code.slice(1));
    const right = objects ? Array.isArray(data) : data instanceof Uint8Array;
    if (!right || (data as { length: number }).length !== count * size)
      throw this.#fail(`has an array of shape (${shape.join(', ')}) with other contents.`, {
        shape,
      });
    target.shape = shape;
    target.descr = objects ? '|O' : `${size === 1 ? '|' : dtype.order}${dtype.code}`;
    target.fortran = Boolean(fortran);
    target.data = data as Uint8Array | readonly Pickled[];
  }
}
