import { describe, expect, it } from 'vitest';
import { type ReadEvent, readEvents } from '../keras/callbacks/tensorboard/testing.ts';
import { readGoldens } from '../keras/testing.ts';
import { encodeEvent, type SummaryTensor } from './tfevents.ts';

const latin = (s: string): Uint8Array => Uint8Array.from(Buffer.from(s, 'latin1'));

function tensorOf(e: ReadEvent): SummaryTensor {
  const shape = e.shape!;
  if (e.strings) return { dtype: 'string', shape, strings: e.strings.map(latin) };
  const small = e.dtype === 1;
  const typed = small ? Float32Array.from(e.numbers!) : Float64Array.from(e.numbers!);
  const content = new Uint8Array(typed.buffer);
  return { dtype: small ? 'float32' : 'float64', shape, content };
}

/** What was read of an event, written again. */
function again(e: ReadEvent): Uint8Array {
  const { wallTime, step, fileVersion, writer } = e;
  if (e.tag === undefined) return encodeEvent({ wallTime, step, fileVersion, writer });
  const content = e.content === undefined ? undefined : latin(e.content);
  const value = { tag: e.tag, plugin: e.plugin!, content, tensor: tensorOf(e) };
  return encodeEvent({ wallTime, step, values: [value] });
}

describe('events', () => {
  const { tensorboard } = readGoldens<{ tensorboard: { files: Record<string, string[]> } }>(
    'callbacks',
  );
  const events = Object.values(tensorboard.files)
    .flat()
    .flatMap((f) => readEvents(Buffer.from(f, 'base64')));

  it('come out as TensorBoard writes them, byte by byte', () => {
    const plugins = new Set(events.map((e) => e.plugin));
    expect([...plugins].sort()).toEqual([
      'graph_keras_model',
      'histograms',
      'images',
      'scalars',
      undefined,
    ]);
    for (const e of events) expect(Buffer.from(again(e)).equals(e.bytes), e.tag).toBe(true);
  });
  it('hold large steps and text of all kinds', () => {
    const step = 2 ** 40 + 1;
    const tensor: SummaryTensor = { dtype: 'float32', shape: [], content: new Uint8Array(4) };
    const bytes = encodeEvent({
      wallTime: 1,
      step,
      values: [{ tag: 'größe', plugin: 'p', tensor }],
    });
    expect(Buffer.from(bytes).toString('utf8')).toContain('größe');
    // Field 2, a varint: 1 + 2^40.
    expect(Buffer.from(bytes.subarray(9, 16)).toString('hex')).toBe('10818080808020');
  });
});
