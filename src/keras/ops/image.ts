/** keras.ops.image: pictures (height, width, channels) or batches of them. */
export { type AffineOptions, affineTransform } from '../image/affine.ts';
export { hsvToRgb, rgbToGrayscale, rgbToHsv } from '../image/color.ts';
export { type ResizeOptions, resize } from '../image/resize.ts';
