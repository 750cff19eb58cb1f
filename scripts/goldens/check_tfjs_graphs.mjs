// Whether TensorFlow.js loads test/goldens/tfjs_graphs.json, and computes what TensorFlow did.
// `node scripts/goldens/check_tfjs_graphs.mjs FOLDER`, where FOLDER holds node_modules with @tensorflow/tfjs 4.22.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const tf = createRequire(join(process.argv[2], 'x.js'))('@tensorflow/tfjs');
await tf.setBackend('cpu');
const { models } = JSON.parse(
  readFileSync(new URL('../../test/goldens/tfjs_graphs.json', import.meta.url), 'utf8'),
);
for (const c of models) {
  try {
    const bytes = Buffer.from(c.shard, 'base64');
    const model = await tf.loadGraphModel(
      tf.io.fromMemory({
        ...c.json,
        weightSpecs: c.json.weightsManifest[0].weights,
        weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length),
      }),
    );
    const { inputs, outputs } = c.json.signature;
    const feeds = Object.entries(inputs).map(([, info], i) => [
      info.name.split(':')[0],
      tf.tensor(c.x[i].data, c.x[i].shape, info.dtype === 'DT_INT32' ? 'int32' : 'float32'),
    ]);
    const got = await model.executeAsync(
      Object.fromEntries(feeds),
      Object.values(outputs).map((o) => o.name),
    );
    const worst = [got].flat().map((t, i) =>
      Math.max(0, ...Array.from(t.dataSync(), (v, k) => Math.abs(v - c.predictions[i].data[k]))),
    );
    console.log(c.name, Math.max(...worst));
  } catch (e) {
    console.log(c.name, 'fails:', e.message.slice(0, 200));
  }
}
