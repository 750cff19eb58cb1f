import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { setBackend } from '../../backends/registry.ts';
import { remoteMonitor } from './index.ts';
import { play } from './testing.ts';

interface Request {
  readonly url: string | undefined;
  readonly method: string | undefined;
  readonly type: string | undefined;
  readonly token: unknown;
  readonly body: string;
}

let server: Server;
let root: string;
const requests: Request[] = [];
beforeAll(async () => {
  setBackend('reference');
  server = createServer((q, answer) => {
    let body = '';
    q.on('data', (d) => {
      body += d;
    });
    q.on('end', () => {
      const { url, method, headers } = q;
      requests.push({
        url,
        method,
        type: headers['content-type'],
        token: headers['x-token'],
        body,
      });
      answer.writeHead(500).end('a server error is no concern of training');
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  root = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
});
beforeEach(() => {
  requests.length = 0;
});

const figures = [
  [
    ['loss', 0.5],
    ['val_loss', Number.NaN],
  ],
  [['loss', 0.25]],
] as [string, number][][];

describe('RemoteMonitor', () => {
  it('posts a form', async () => {
    const got = await play(remoteMonitor({ root, headers: { 'x-token': 'abc' } }), figures);
    expect(got.warnings).toEqual([]);
    expect(requests.map((r) => [r.method, r.url, r.token])).toEqual(
      Array(2).fill(['POST', '/publish/epoch/end/', 'abc']),
    );
    expect(requests[0].type).toMatch(/^application\/x-www-form-urlencoded/);
    const [first, second] = requests.map((r) =>
      JSON.parse(new URLSearchParams(r.body).get('data')!),
    );
    expect(first).toEqual({ epoch: 0, loss: 0.5, val_loss: null });
    expect(second).toEqual({ epoch: 1, loss: 0.25 });
  });
  it('or JSON', async () => {
    await play(remoteMonitor({ root, path: '/here', sendAsJson: true }), figures.slice(1));
    expect(requests).toEqual([
      {
        url: '/here',
        method: 'POST',
        type: 'application/json',
        token: undefined,
        body: '{"epoch":0,"loss":0.25}',
      },
    ]);
  });
  it('warns once of a server that is not there, and goes on', async () => {
    const nobody = 'http://127.0.0.1:1';
    const got = await play(remoteMonitor({ root: nobody }), figures);
    expect(got.epochs).toBe(2);
    expect(got.warnings).toEqual([`Could not reach RemoteMonitor root server at ${nobody}`]);
  });
  it('refuses options it does not know', () => {
    expect(() => remoteMonitor({ sendAsJSON: true } as object)).toThrow(/mean "sendAsJson"/);
  });
});
