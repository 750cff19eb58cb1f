/** Single pictures: from files to tensors and back. */
import type { DType } from '../../dtype.ts';
import { GradloomError } from '../../errors.ts';
import { asTensor, fromData, type Tensor, type TensorLike } from '../../tensor/index.ts';
import { type DataFormat, dataFormatOf } from '../config.ts';
import { checkOptions, lookup } from '../identifiers.ts';
import { type Box, type Pixels, type Resampling, resample, resamplings } from './resample.ts';

const channelsOf = { grayscale: 1, rgb: 3, rgba: 4 } as const;
type ColorMode = keyof typeof channelsOf;

/** A picture of 8-bit samples, row by row, one to four of them a pixel: what Pillow's Image is to Keras. */
export class Picture implements Pixels {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 red, green, blue, 4 with alpha. */
  readonly channels: number;
  readonly data: Uint8Array;

  constructor(p: Pixels) {
    this.width = p.width;
    this.height = p.height;
    this.channels = p.channels;
    this.data = p.data;
  }

  /** The picture as a file. Throws `unknown-id` for other formats, `dependency` without jpeg-js. */
  async encode(format: 'png' | 'jpeg' | (string & {}) = 'png'): Promise<Uint8Array> {
    const { width, height, channels, data } = this;
    const named = format.toLowerCase() === 'jpg' ? 'jpeg' : format.toLowerCase();
    if (lookup('picture format', named, { png: 'png', jpeg: 'jpeg' }) === 'png') {
      const { encode } = await import('fast-png');
      return encode({ width, height, channels: channels as 1 | 3 | 4, depth: 8, data });
    }
    const jpeg = await import('jpeg-js').catch((cause) => {
      throw new GradloomError(
        'dependency',
        'Writing JPEG needs the package jpeg-js: npm install jpeg-js.',
        { package: 'jpeg-js' },
        { cause },
      );
    });
    const rgba = new Uint8Array(width * height * 4);
    for (let i = 0; i < width * height; i++)
      for (let c = 0; c < 4; c++)
        rgba[i * 4 + c] = c === 3 ? 255 : data[i * channels + (channels === 1 ? 0 : c)];
    return jpeg.default.encode({ width, height, data: rgba }, 90).data;
  }
}

export interface LoadImgOptions {
  /** 'rgb' (default), 'rgba' or 'grayscale'. */
  readonly colorMode?: ColorMode | (string & {});
  /** [height, width]; default: as it is. */
  readonly targetSize?: readonly [number, number] | null;
  /** 'nearest' (default), 'bilinear', 'bicubic', 'box', 'hamming' or 'lanczos', each as Pillow has it. */
  readonly interpolation?: Resampling | (string & {});
  /** Whether the middle of the picture is cut to the target's shape, so that nothing is distorted: false. */
  readonly keepAspectRatio?: boolean;
}

/**
 * A PNG or JPEG picture: a path (Node), or the bytes of a file. 16-bit samples become 8-bit ones.
 * Throws `data` for what is no picture, `unknown-id` for other modes and interpolations.
 */
export async function loadImg(
  file: string | Uint8Array | ArrayBuffer | Blob,
  o: LoadImgOptions = {},
): Promise<Picture> {
  checkOptions('loadImg', o, ['colorMode', 'targetSize', 'interpolation', 'keepAspectRatio']);
  const channels = lookup('color mode', o.colorMode ?? 'rgb', channelsOf);
  const kinds = Object.fromEntries(resamplings.map((r) => [r, r]));
  const kind = lookup('interpolation', o.interpolation ?? 'nearest', kinds) as Resampling;
  const size = o.targetSize ?? null;
  if (size && !(size.length === 2 && size.every((n) => Number.isInteger(n) && n > 0)))
    throw new GradloomError(
      'data',
      `loadImg: targetSize is [height, width] in whole numbers above 0; received ${JSON.stringify(size)}.`,
    );
  const bytes = await bytesOf(file);
  const { decode, withChannels } = await import('../../data/images.ts');
  let p: Pixels;
  try {
    const decoded = withChannels(await decode(bytes), channels);
    p = { ...decoded, data: Uint8Array.from(decoded.data) };
  } catch (cause) {
    const name = typeof file === 'string' ? file : 'The file';
    throw new GradloomError(
      'data',
      `${name} is no picture that can be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      { ...(typeof file === 'string' && { file }) },
      { cause },
    );
  }
  if (!size) return new Picture(p);
  const [height, width] = size;
  if (height === p.height && width === p.width) return new Picture(p);
  const box = o.keepAspectRatio ? middle(p, width, height) : undefined;
  return new Picture(resample(p, width, height, kind, box));
}

async function bytesOf(file: string | Uint8Array | ArrayBuffer | Blob): Promise<Uint8Array> {
  if (file instanceof Uint8Array) return file;
  if (file instanceof ArrayBuffer) return new Uint8Array(file);
  if (typeof file !== 'string') return new Uint8Array(await file.arrayBuffer());
  try {
    const { readFile } = await import('node:fs/promises');
    return await readFile(file);
  } catch (cause) {
    throw new GradloomError(
      'data',
      `${file} cannot be read: ${(cause as Error).message}`,
      { file },
      { cause },
    );
  }
}

/** The largest part in the middle that has the shape of the target. */
function middle(p: Pixels, width: number, height: number): Box {
  const h = Math.min(p.height, Math.floor((p.width * height) / width));
  const w = Math.min(p.width, Math.floor((p.height * width) / height));
  const top = Math.floor((p.height - h) / 2);
  const left = Math.floor((p.width - w) / 2);
  return { left, top, right: left + w, bottom: top + h };
}

export interface ImgToArrayOptions {
  readonly dataFormat?: DataFormat | (string & {}) | null;
  /** float32. */
  readonly dtype?: 'float32' | 'float64' | 'int32' | 'uint8';
}

/** A picture as a tensor of 0 to 255: (height, width, channels), or channels first. */
export function imgToArray(img: Pixels, o: ImgToArrayOptions = {}): Tensor {
  checkOptions('imgToArray', o, ['dataFormat', 'dtype']);
  const format = dataFormatOf('imgToArray', o.dataFormat);
  const whole = fromData(Uint8Array.from(img.data), [img.height, img.width, img.channels], 'uint8');
  const placed = format === 'channelsFirst' ? whole.transpose([2, 0, 1]) : whole;
  return placed.astype(o.dtype ?? 'float32');
}

export interface ArrayToImgOptions {
  readonly dataFormat?: DataFormat | (string & {}) | null;
  /** What the values are taken to first: their own dtype unless given. */
  readonly dtype?: DType | null;
  /** Whether the smallest value becomes 0 and the largest 255: true. Else values are cut to whole numbers. */
  readonly scale?: boolean;
}

/**
 * (height, width, 1, 3 or 4) as a picture. Throws `shape` for other shapes, `data` where `scale` is
 * false and values do not lie from 0 to 255.
 */
export function arrayToImg(x: TensorLike, o: ArrayToImgOptions = {}): Picture {
  checkOptions('arrayToImg', o, ['dataFormat', 'scale', 'dtype']);
  let t = o.dtype == null ? asTensor(x) : asTensor(x).astype(o.dtype);
  if (t.ndim === 3 && dataFormatOf('arrayToImg', o.dataFormat) === 'channelsFirst')
    t = t.transpose([1, 2, 0]);
  const [height, width, channels] = t.shape;
  if (t.ndim !== 3 || ![1, 3, 4].includes(channels))
    throw new GradloomError(
      'shape',
      `arrayToImg: a picture has shape (height, width, channels) with 1, 3 or 4 channels; received (${t.shape.join(', ')}).`,
      { shape: [...t.shape] },
    );
  const values = Float32Array.from(t.dataSync() as ArrayLike<number>);
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const v of values) {
    if (Number.isNaN(v)) throw new GradloomError('data', 'arrayToImg: a value is NaN.');
    low = Math.min(low, v);
    high = Math.max(high, v);
  }
  const data = new Uint8Array(values.length);
  if (o.scale ?? true) {
    const range = Math.fround(high - low) || 1;
    for (let i = 0; i < data.length; i++)
      data[i] = Math.fround(Math.fround(Math.fround(values[i] - low) / range) * 255);
  } else if (low < 0 || high >= 256) {
    throw new GradloomError(
      'data',
      `arrayToImg: values from ${low} to ${high} are no 8-bit samples; leave scale at true, or bring them to 0 to 255.`,
      { low, high },
    );
  } else for (let i = 0; i < data.length; i++) data[i] = values[i];
  return new Picture({ width, height, channels, data });
}

export interface SaveImgOptions extends ArrayToImgOptions {
  /** 'png' or 'jpeg'; default: what the path ends in. */
  readonly fileFormat?: 'png' | 'jpeg' | (string & {}) | null;
}

/** Writes a picture, or what `arrayToImg` takes, to a file (Node). JPEG has no alpha: it is left out. */
export async function saveImg(
  path: string,
  x: TensorLike | Picture,
  o: SaveImgOptions = {},
): Promise<void> {
  checkOptions('saveImg', o, ['dataFormat', 'fileFormat', 'scale']);
  const { fileFormat, ...rest } = o;
  const format = fileFormat ?? (/\.([^./\\]+)$/.exec(path)?.[1] || 'png');
  const picture = x instanceof Picture ? x : arrayToImg(x, rest);
  const bytes = await picture.encode(format);
  const { writeFile } = await import('node:fs/promises');
  await writeFile(path, bytes);
}
