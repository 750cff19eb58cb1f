/** keras.ops.image: pictures (height, width, channels) or batches of them. */
export { affineTransform } from '../image/affine.ts';
export { type ResizeOptions, resize } from '../image/resize.ts';
