/**
 * Functions of TensorFlow in functional models of Keras 2: `y * 2 + x` became layers of class TFOpLambda,
 * which name the function. Those that are one operation of Keras 3 are read as that. Source:
 * tf_keras/layers/core/tf_op_layer.py.
 */

/** The class of the operation here, and what TensorFlow calls the arguments. */
type Entry = readonly [className: string, ...parameters: string[]];

const two = (className: string): Entry => [className, 'x', 'y'];
const one = (className: string, parameter = 'x'): Entry => [className, parameter];

const table: Readonly<Record<string, Entry>> = {
  '__operators__.add': two('Add'),
  'math.add': two('Add'),
  'math.subtract': two('Subtract'),
  'math.multiply': two('Multiply'),
  'math.divide': two('TrueDivide'),
  'math.truediv': two('TrueDivide'),
  'math.floordiv': two('FloorDivide'),
  'math.pow': two('Power'),
  'math.maximum': two('Maximum'),
  'math.minimum': two('Minimum'),
  'linalg.matmul': ['Matmul', 'a', 'b'],
  'math.negative': one('Negative'),
  'math.abs': one('Absolute'),
  'math.exp': one('Exp'),
  'math.log': one('Log'),
  'math.sqrt': one('Sqrt'),
  'math.square': one('Square'),
  'math.sin': one('Sin'),
  'math.cos': one('Cos'),
  'math.tanh': one('Tanh'),
  'math.sigmoid': one('Sigmoid'),
  'nn.relu': one('Relu', 'features'),
  'nn.relu6': one('Relu6', 'features'),
  'nn.elu': one('Elu', 'features'),
  'nn.selu': one('Selu', 'features'),
  'nn.softplus': one('Softplus', 'features'),
  'nn.softmax': one('Softmax', 'logits'),
};

/** The operation that a function is, with its arguments in order; a text that says why there is none. */
export function operationOfKeras2(
  fn: unknown,
  first: unknown,
  keywords: Readonly<Record<string, unknown>>,
): { readonly className: string; readonly args: readonly unknown[] } | string {
  const name = String(fn);
  const entry = Object.hasOwn(table, name) ? table[name] : undefined;
  if (!entry) return `the function tf.${name} of TensorFlow, which is not read here`;
  const [className, ...parameters] = entry;
  const given = Object.entries(keywords).filter(([k, v]) => v !== null && k !== 'name');
  const unknown = given.find(([k]) => !parameters.includes(k) || k === parameters[0]);
  if (unknown) return `tf.${name} with ${unknown[0]}=${JSON.stringify(unknown[1])}`;
  const rest = parameters.slice(1).map((p) => keywords[p]);
  if (rest.some((v) => v === undefined || v === null)) return `tf.${name} without all arguments`;
  return { className, args: [first, ...rest] };
}
