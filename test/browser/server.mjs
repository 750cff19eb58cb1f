// A static server for the pages: once as any host serves files, once with the headers that isolate a
// page, which is what gives it shared memory and so threads.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.wasm': 'application/wasm',
  '.gz': 'application/gzip',
};

const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/**
 * Serves folders on a free port of this machine: `roots` is { '/prefix/': folder }, the longest
 * prefix first. Resolves to { url, close }.
 */
export async function serve(roots, { isolated = false } = {}) {
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname));
    const prefix = Object.keys(roots).find((p) => path.startsWith(p));
    const headers = isolated ? isolation : {};
    if (path === '/favicon.ico') return response.writeHead(204, headers).end();
    try {
      const bytes = await readFile(join(roots[prefix], path.slice(prefix.length)));
      const type = types[extname(path)] ?? 'application/octet-stream';
      response.writeHead(200, { ...headers, 'Content-Type': type, 'Cache-Control': 'no-store' });
      response.end(bytes);
    } catch {
      response.writeHead(404, headers).end(`${path} is not here`);
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://localhost:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(done));
    },
  };
}
