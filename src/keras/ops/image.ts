/** keras.ops.image: pictures (height, width, channels) or batches of them. */
import * as affine from '../image/affine.ts';
import * as blur from '../image/blur.ts';
import * as color from '../image/color.ts';
import * as sizes from '../image/resize.ts';
import { type Lifted, lift } from './lift.ts';

export type { AffineOptions } from '../image/affine.ts';
export type { ResizeOptions } from '../image/resize.ts';

export const affineTransform: Lifted<typeof affine.affineTransform> = /* @__PURE__ */ lift(
  'affineTransform',
  affine.affineTransform,
);
export const gaussianBlur: Lifted<typeof blur.gaussianBlur> = /* @__PURE__ */ lift(
  'gaussianBlur',
  blur.gaussianBlur,
);
export const resize: Lifted<typeof sizes.resize> = /* @__PURE__ */ lift('resize', sizes.resize);
export const hsvToRgb: Lifted<typeof color.hsvToRgb> = /* @__PURE__ */ lift(
  'hsvToRgb',
  color.hsvToRgb,
);
export const rgbToGrayscale: Lifted<typeof color.rgbToGrayscale> = /* @__PURE__ */ lift(
  'rgbToGrayscale',
  color.rgbToGrayscale,
);
export const rgbToHsv: Lifted<typeof color.rgbToHsv> = /* @__PURE__ */ lift(
  'rgbToHsv',
  color.rgbToHsv,
);
