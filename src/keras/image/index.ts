/** Images as (batch, height, width, channels), or one without the batch: what layers are made of. */
export { type AffineOptions, affineTransform } from './affine.ts';
export { filterImages, gaussianBlur } from './blur.ts';
export { hsvToRgb, rgbToGrayscale, rgbToHsv } from './color.ts';
export { type Interpolation, interpolations } from './interpolation.ts';
export { type ResizeOptions, resize } from './resize.ts';
export { type FillMode, fillModes } from './sample.ts';
