/** Pictures in folders: a subfolder a class, decoded and brought to one size (Node). */
import { GradloomError } from '../errors.ts';
import { fromData, type Tensor } from '../tensor/index.ts';

export interface ImageFolderOptions {
  /** [height, width]. Default [256, 256]. */
  readonly imageSize?: readonly [number, number];
  /** Default `rgb`. */
  readonly colorMode?: 'rgb' | 'rgba' | 'grayscale';
  /** The classes' folders in the order of their labels; default: all, sorted by name. */
  readonly classNames?: readonly string[];
  /** `bilinear` (default) or `nearest`. */
  readonly interpolation?: 'bilinear' | 'nearest';
}

/** [picture (height, width, channels) of 0 to 255 in float32, label (int32 scalar)] */
export type LabelledImage = [image: Tensor, label: Tensor];

/** 8-bit samples, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: ArrayLike<number>;
}

export interface ImageFolder {
  readonly files: readonly { readonly path: string; readonly label: number }[];
  readonly classNames: readonly string[];
  load(i: number): Promise<LabelledImage>;
}

const extensions = ['.png', '.jpg', '.jpeg'];
const channelsOf = { rgb: 3, rgba: 4, grayscale: 1 } as const;

/** The pictures of a folder. Throws `data` when it cannot be read or holds none. */
export async function listImages(folder: string, o: ImageFolderOptions): Promise<ImageFolder> {
  const [fs, path] = await Promise.all([import('node:fs/promises'), import('node:path')]);
  const [height, width] = o.imageSize ?? [256, 256];
  const channels = channelsOf[o.colorMode ?? 'rgb'];
  if (channels === undefined)
    throw new GradloomError(
      'data',
      `fromImageFolder: colorMode is rgb, rgba or grayscale; received ${JSON.stringify(o.colorMode)}.`,
    );
  if (![height, width].every((n) => Number.isInteger(n) && n > 0))
    throw new GradloomError(
      'data',
      `fromImageFolder: imageSize is [height, width] in whole numbers; received ${JSON.stringify(o.imageSize)}.`,
    );
  const list = async (at: string, folders: boolean): Promise<string[]> => {
    try {
      const found = await fs.readdir(at, { withFileTypes: true });
      return found
        .filter((e) => e.isDirectory() === folders)
        .map((e) => e.name)
        .sort();
    } catch (cause) {
      throw new GradloomError(
        'data',
        `fromImageFolder: ${at} cannot be read: ${(cause as Error).message}`,
        { folder: at },
        { cause },
      );
    }
  };
  const classNames = o.classNames ?? (await list(folder, true));
  const files: { path: string; label: number }[] = [];
  for (const [label, name] of classNames.entries()) {
    for (const file of await list(path.join(folder, name), false))
      if (extensions.includes(path.extname(file).toLowerCase()))
        files.push({ path: path.join(folder, name, file), label });
  }
  if (files.length === 0)
    throw new GradloomError(
      'data',
      `fromImageFolder: ${folder} holds no pictures (${extensions.join(', ')}) in folders of classes${classNames.length > 0 ? ` (${classNames.join(', ')})` : ''}.`,
      { folder, classNames: [...classNames] },
    );
  return {
    files,
    classNames,
    load: async (i) => {
      const file = files[i];
      let picture: Picture;
      try {
        picture = await decode(await fs.readFile(file.path));
      } catch (cause) {
        throw new GradloomError(
          'data',
          `${file.path} is no picture that can be read: ${cause instanceof Error ? cause.message : String(cause)}`,
          { file: file.path },
          { cause },
        );
      }
      const sized = resize(
        withChannels(picture, channels),
        height,
        width,
        o.interpolation ?? 'bilinear',
      );
      return [
        fromData(sized, [height, width, channels], 'float32'),
        fromData(Int32Array.of(file.label), [], 'int32'),
      ];
    },
  };
}

/** A PNG or JPEG file's samples. */
export async function decode(bytes: Uint8Array): Promise<Picture> {
  if (bytes[0] === 0x89 && bytes[1] === 0x50) {
    const { decode: decodePng, convertIndexedToRgb } = await import('fast-png');
    const png = decodePng(bytes);
    const { width, height, depth } = png;
    if (png.palette) {
      const data = convertIndexedToRgb(png);
      return { width, height, channels: data.length / (width * height), data };
    }
    const scale = depth === 16 ? 1 / 257 : 1;
    const data = depth === 16 ? Array.from(png.data, (v) => Math.round(v * scale)) : png.data;
    return { width, height, channels: png.channels, data };
  }
  if (bytes[0] === 0xff && bytes[1] === 0xd8) {
    const jpeg = await import('jpeg-js').catch(() => {
      throw new Error('reading JPEG needs the package jpeg-js: npm install jpeg-js');
    });
    const { width, height, data } = jpeg.default.decode(bytes, {
      useTArray: true,
      formatAsRGBA: false,
      maxResolutionInMP: 200,
      maxMemoryUsageInMB: 1024,
    });
    return { width, height, channels: 3, data };
  }
  throw new Error('it begins like neither PNG nor JPEG');
}

/** Grey, grey with alpha, RGB or RGBA as 1, 3 or 4 channels; grey by ITU-R 601 luma. */
export function withChannels(p: Picture, channels: number): Picture {
  if (p.channels === channels) return p;
  const n = p.width * p.height;
  const data = new Float32Array(n * channels);
  const grey = p.channels <= 2;
  const hasAlpha = p.channels === 2 || p.channels === 4;
  for (let i = 0; i < n; i++) {
    const at = i * p.channels;
    const [r, g, b] = grey
      ? [p.data[at], p.data[at], p.data[at]]
      : [p.data[at], p.data[at + 1], p.data[at + 2]];
    if (channels === 1) {
      data[i] = grey ? r : Math.round(0.299 * r + 0.587 * g + 0.114 * b);
      continue;
    }
    const to = i * channels;
    data[to] = r;
    data[to + 1] = g;
    data[to + 2] = b;
    if (channels === 4) data[to + 3] = hasAlpha ? p.data[at + p.channels - 1] : 255;
  }
  return { ...p, channels, data };
}

/** Pixel centres at half, no smoothing: as Keras on JAX resizes. */
export function resize(
  p: Picture,
  height: number,
  width: number,
  interpolation: 'bilinear' | 'nearest',
): Float32Array {
  const { channels, data } = p;
  const out = new Float32Array(height * width * channels);
  const axis = (to: number, from: number): { low: number; high: number; part: number }[] =>
    Array.from({ length: to }, (_, i) => {
      const x = ((i + 0.5) * from) / to - 0.5;
      if (interpolation === 'nearest') {
        const at = Math.min(from - 1, Math.max(0, Math.floor(x + 0.5)));
        return { low: at, high: at, part: 0 };
      }
      const low = Math.floor(x);
      const clamp = (v: number): number => Math.min(from - 1, Math.max(0, v));
      return { low: clamp(low), high: clamp(low + 1), part: x - low };
    });
  const ys = axis(height, p.height);
  const xs = axis(width, p.width);
  for (let i = 0; i < height; i++) {
    const y = ys[i];
    for (let j = 0; j < width; j++) {
      const x = xs[j];
      for (let c = 0; c < channels; c++) {
        const at = (r: number, k: number): number => data[(r * p.width + k) * channels + c];
        const top = at(y.low, x.low) * (1 - x.part) + at(y.low, x.high) * x.part;
        const bottom = at(y.high, x.low) * (1 - x.part) + at(y.high, x.high) * x.part;
        out[(i * width + j) * channels + c] = top * (1 - y.part) + bottom * y.part;
      }
    }
  }
  return out;
}
