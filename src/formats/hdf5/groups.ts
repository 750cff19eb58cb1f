/** What lies in a group: symbol tables of old files, link messages of new ones. */

import { type Message, messageTypes, unsupported } from './headers.ts';
import type { Source } from './source.ts';
import { wrong } from './types.ts';

/** The addresses of a group's members by name. Throws for links that lead elsewhere. */
export function membersOf(s: Source, messages: readonly Message[]): Map<string, number> {
  const out = new Map<string, number>();
  const put = (name: string, at: number): void => {
    if (name === '' || name === '.' || name === '..' || name.includes('/') || out.has(name))
      throw wrong(s.name, `is damaged: a member is called ${JSON.stringify(name)}, or two are.`);
    out.set(name, at);
  };
  for (const m of messages) {
    if (m.type === messageTypes.symbolTable) symbolTable(s, m.at, put);
    if (m.type === messageTypes.link) link(s, m.at, put);
    if (m.type === messageTypes.linkInfo) {
      const at = m.at + 2 + (s.u8(m.at + 1) & 1 ? 8 : 0);
      if (s.address(at) !== undefined) throw unsupported(s, 'groups of very many members');
    }
  }
  return out;
}

type Put = (name: string, at: number) => void;

function symbolTable(s: Source, at: number, put: Put): void {
  const heap = s.u64(at + 8);
  s.expect(heap, 'HEAP');
  const size = s.u64(heap + 8);
  const names = s.check(s.u64(heap + 24), size);
  const nodes = [s.u64(at)];
  const depths = [64];
  while (nodes.length > 0) {
    const node = nodes.pop()!;
    const depth = depths.pop()!;
    s.step();
    if (depth === 0) throw wrong(s.name, 'leads in circles.');
    if (s.u8(node) === 0x54) {
      s.expect(node, 'TREE');
      const used = s.u16(node + 6);
      // Pushed from the last to the first, so that they come off in order.
      for (let i = used - 1; i >= 0; i--) {
        nodes.push(s.u64(node + 24 + 8 + 16 * i));
        depths.push(depth - 1);
      }
      continue;
    }
    s.expect(node, 'SNOD');
    const count = s.u16(node + 6);
    for (let i = 0; i < count; i++) {
      s.step();
      const entry = node + 8 + 40 * i;
      const offset = s.u64(entry);
      if (offset >= size) throw wrong(s.name, 'is damaged: a name lies outside of its heap.');
      const name = s.text(names + offset, size - offset);
      if (s.u32(entry + 16) === 2) throw elsewhere(s, name, 'soft');
      put(name, s.u64(entry + 8));
    }
  }
}

function link(s: Source, at: number, put: Put): void {
  const flags = s.u8(at + 1);
  let p = at + 2;
  const type = flags & 8 ? s.u8(p++) : 0;
  if (flags & 4) p += 8;
  if (flags & 16) p += 1;
  const width = 1 << (flags & 3);
  const length = s.uint(p, width);
  p += width;
  const name = new TextDecoder().decode(s.slice(p, length));
  if (type !== 0) throw elsewhere(s, name, type === 1 ? 'soft' : 'external');
  put(name, s.u64(p + length));
}

const elsewhere = (s: Source, name: string, kind: string): Error =>
  wrong(
    s.name,
    `holds a ${kind} link, ${JSON.stringify(name)}. Links that lead elsewhere are not followed; Keras writes none.`,
    { link: name, kind },
  );
