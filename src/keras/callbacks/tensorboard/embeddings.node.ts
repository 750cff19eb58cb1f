/** The vectors of Embedding layers as files that TensorBoard's projector reads. */
import { writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { GradloomError } from '../../../errors.ts';
import { Embedding } from '../../layers/index.ts';
import type { Model } from '../../models/model.ts';
import { addToFile, createFile } from '../log-files.node.ts';
import type { TensorBoardOptions } from './options.ts';

type Options = Required<Pick<TensorBoardOptions, 'logDir' | 'embeddingsMetadata'>>;

/** Writes projector_config.pbtxt, which names the files. Throws `callback` for names of no Embedding. */
export async function configureProjector(model: Model, o: Options): Promise<void> {
  const layers = embeddings(model);
  const { embeddingsMetadata: metadata } = o;
  if (typeof metadata === 'object' && metadata !== null) {
    const strange = Object.keys(metadata).filter((k) => !layers.some((l) => l.name === k));
    if (strange.length > 0)
      throw new GradloomError(
        'callback',
        `Unrecognized \`Embedding\` layer names passed to \`TensorBoard\` \`embeddingsMetadata\` argument: ${strange.join(', ')}. There are: ${layers.map((l) => l.name).join(', ') || 'none'}.`,
        { names: strange },
      );
  }
  const entries = layers.map(({ name }) => {
    const labels = typeof metadata === 'string' ? metadata : metadata?.[name];
    const lines = [`tensor_name: ${quoted(name)}`, `tensor_path: ${quoted(fileOf(name))}`];
    if (labels !== undefined) lines.push(`metadata_path: ${quoted(resolve(labels))}`);
    return `embeddings {\n${lines.map((l) => `  ${l}\n`).join('')}}\n`;
  });
  const path = join(o.logDir, 'projector_config.pbtxt');
  await createFile('TensorBoard', path);
  await addToFile('TensorBoard', path, entries.join(''));
}

/** The vectors as they are now, a line each. */
export async function writeEmbeddings(model: Model, o: Options): Promise<void> {
  for (const layer of embeddings(model)) {
    const [weight] = layer.weights;
    const data = await weight.tensor.data();
    const [rows, size] = weight.shape;
    const lines = Array.from({ length: rows }, (_, i) =>
      Array.from(data.subarray(i * size, (i + 1) * size)).join('\t'),
    );
    const path = join(o.logDir, fileOf(layer.name));
    await createFile('TensorBoard', path);
    await writeFile(path, `${lines.join('\n')}\n`);
  }
}

function embeddings(model: Model): Embedding[] {
  return model.layers.filter((l) => l instanceof Embedding);
}

function fileOf(name: string): string {
  return `embeddings_${name.replace(/[^\w.-]/g, '_')}.tsv`;
}

/** A string of protocol buffer text. */
function quoted(s: string): string {
  return `"${s.replace(/[\\"]/g, (c) => `\\${c}`).replaceAll('\n', '\\n')}"`;
}
