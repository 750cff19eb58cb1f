/** A module's functions as text, one instruction a line, to read when debugging. */
import { type FunctionBuilder, type ModuleBuilder, noType } from './assembler.ts';
import { type OpName, op } from './opcodes.ts';

/** The immediates that follow an instruction; what is not listed has none. */
export type Immediate =
  | 'block'
  | 'index'
  | 'memarg'
  | 'memargLane'
  | 'lane'
  | 'i32'
  | 'i64'
  | 'f32'
  | 'f64'
  | 'v128';

export function immediateOf(name: OpName): Immediate | undefined {
  if (/^(block|loop|if)$/.test(name)) return 'block';
  if (/^(br|br_if|call|local\..*)$/.test(name)) return 'index';
  if (/\.const$/.test(name)) return name.slice(0, -6) as Immediate;
  if (name === 'i8x16.shuffle') return 'v128';
  if (/(load|store)\d+_lane$/.test(name)) return 'memargLane';
  if (/(extract|replace)_lane$/.test(name)) return 'lane';
  if (/\.(load|store)|^memory\.atomic|\.atomic\./.test(name)) return 'memarg';
  return undefined;
}

export function listing(m: ModuleBuilder): string {
  return m.functions.map(listFunction).join('\n');
}

const nameOf = new Map<number, OpName>(
  (Object.entries(op) as [OpName, number][]).map(([name, code]) => [code, name]),
);

function listFunction(f: FunctionBuilder): string {
  const bytes = f.code.view();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const unsigned = (): number => {
    let v = 0;
    let scale = 1;
    for (;;) {
      const b = bytes[at++];
      v += (b & 0x7f) * scale;
      scale *= 128;
      if (b < 0x80) return v;
    }
  };
  const signed = (): bigint => {
    let v = 0n;
    let shift = 0n;
    for (;;) {
      const b = bytes[at++];
      v |= BigInt(b & 0x7f) << shift;
      shift += 7n;
      if (b < 0x80) return b & 0x40 ? v - (1n << shift) : v;
    }
  };
  const lines = [
    `func ${f.index} $${f.name} (${f.params.join(' ')}) -> (${f.results.join(' ')}) locals ${f.locals.length}`,
  ];
  let depth = 1;
  while (at < bytes.length) {
    const first = bytes[at++];
    const code = first >= 0xfc ? (first << 16) | unsigned() : first;
    const name = nameOf.get(code) ?? (`?${code.toString(16)}` as OpName);
    let rest = '';
    switch (immediateOf(name)) {
      case 'block':
        rest = bytes[at++] === noType ? '' : ' (result)';
        break;
      case 'index':
        rest = ` ${unsigned()}`;
        break;
      case 'memarg':
      case 'memargLane': {
        unsigned();
        rest = ` offset=${unsigned()}`;
        if (immediateOf(name) === 'memargLane') rest += ` lane=${bytes[at++]}`;
        break;
      }
      case 'lane':
        rest = ` ${bytes[at++]}`;
        break;
      case 'i32':
      case 'i64':
        rest = ` ${signed()}`;
        break;
      case 'f32':
        rest = ` ${view.getFloat32(at, true)}`;
        at += 4;
        break;
      case 'f64':
        rest = ` ${view.getFloat64(at, true)}`;
        at += 8;
        break;
      case 'v128':
        rest = ` ${[...bytes.subarray(at, at + 16)].map((b) => b.toString(16)).join(' ')}`;
        at += 16;
        break;
    }
    if (name === 'end' || name === 'else') depth--;
    lines.push(`${'  '.repeat(Math.max(0, depth))}${name}${rest}`);
    if (name === 'block' || name === 'loop' || name === 'if' || name === 'else') depth++;
  }
  return lines.join('\n');
}
