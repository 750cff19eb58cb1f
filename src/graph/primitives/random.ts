/** random_bits: the counter-based generator that every random function is made of. */
import { binary, constant, convert } from '../../expr/expr.ts';
import { linearize } from '../../expr/index-math.ts';
import { threefry2x32 } from '../../expr/math.ts';
import { checkShape, type Shape, sameShape, showShape, sizeOf } from '../../shape.ts';
import { type Attrs, definePrimitive, operandError, type Primitive } from '../primitive.ts';

/**
 * random_bits(key: uint32[2]) -> uint32[shape]. Element i is x0 ^ x1 where (x0, x1) is
 * threefry2x32 of the counter (0, i) under `key`: JAX's "partitionable" stream, so that the bits of
 * an element depend on nothing but the key and its position.
 */
export const randomBits: Primitive<{ shape: Shape } & Attrs> = definePrimitive<
  { shape: Shape } & Attrs
>({
  name: 'random_bits',
  infer(inputs, { shape }) {
    checkShape(shape);
    const [key] = inputs;
    if (key.dtype !== 'uint32' || !sameShape(key.shape, [2])) {
      throw operandError(
        'random_bits',
        `takes a key uint32(2,); received ${key.dtype}${showShape(key.shape)}.`,
        inputs,
      );
    }
    if (sizeOf(shape) >= 2 ** 31)
      throw operandError('random_bits', 'draws fewer than 2^31 numbers at a time.', inputs);
    return [{ shape, dtype: 'uint32' }];
  },
  lowering: {
    kind: 'pointwise',
    elementwise: false,
    cost: 70,
    at(node, index, read) {
      const zero = constant('int32', 0);
      const counter = convert('uint32', linearize(index, node.attrs.shape));
      const [x0, x1] = threefry2x32(
        read(0, [zero]),
        read(0, [constant('int32', 1)]),
        constant('uint32', 0),
        counter,
      );
      return binary('xor', x0, x1);
    },
  },
});
