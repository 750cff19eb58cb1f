/** Pictures in folders of classes, as a dataset to train on (Node). */
import { GradloomError } from '../../errors.ts';
import { fromData, type Tensor } from '../../tensor/index.ts';
import { type DataFormat, dataFormatOf } from '../config.ts';
import { checkOptions, lookup } from '../identifiers.ts';
import { resize as resizeTensor } from '../image/index.ts';
import {
  type DirectoryOptions,
  directoryOptions,
  type FileDataset,
  fromDirectory,
} from './directory.ts';

export type ImageInterpolation = 'bilinear' | 'nearest' | 'bicubic' | 'lanczos3' | 'lanczos5';

export interface ImageDirectoryOptions extends DirectoryOptions {
  /** 'rgb' (default), 'rgba' or 'grayscale': 3, 4 or 1 channels. */
  readonly colorMode?: 'rgb' | 'rgba' | 'grayscale' | (string & {});
  /** [height, width], or a number for both: [256, 256]. */
  readonly imageSize?: readonly [number, number] | number;
  /** How pictures are brought to that size: 'bilinear'. */
  readonly interpolation?: ImageInterpolation | (string & {});
  /** Whether they are cut to the shape of `imageSize` first, and not distorted: false. */
  readonly cropToAspectRatio?: boolean;
  /** Whether they are filled up with black to that shape first: false. */
  readonly padToAspectRatio?: boolean;
  readonly dataFormat?: DataFormat | (string & {}) | null;
}

const optionNames = [
  ...directoryOptions,
  'colorMode',
  'imageSize',
  'interpolation',
  'cropToAspectRatio',
  'padToAspectRatio',
  'dataFormat',
];
const channelsOf: Record<string, number> = { rgb: 3, rgba: 4, grayscale: 1 };
const interpolations: Record<string, ImageInterpolation> = {
  bilinear: 'bilinear',
  nearest: 'nearest',
  bicubic: 'bicubic',
  lanczos3: 'lanczos3',
  lanczos5: 'lanczos5',
};

/** A batch, or with `batchSize` null an element: [pictures, labels], or pictures alone. */
export type ImageBatch = [Tensor, Tensor];

interface Sizing {
  readonly size: readonly [number, number];
  readonly channels: number;
  readonly interpolation: ImageInterpolation;
  readonly format: DataFormat;
  readonly crop: boolean;
  readonly pad: boolean;
}

function sizing(o: ImageDirectoryOptions): Sizing {
  const what = 'imageDatasetFromDirectory';
  const { imageSize = [256, 256] } = o;
  const size = typeof imageSize === 'number' ? ([imageSize, imageSize] as const) : imageSize;
  if (size.length !== 2 || !size.every((n) => Number.isInteger(n) && n > 0))
    throw new GradloomError(
      'range',
      `${what}: imageSize is [height, width] in whole numbers; received ${JSON.stringify(imageSize)}.`,
      { imageSize },
    );
  if (o.cropToAspectRatio && o.padToAspectRatio)
    throw new GradloomError(
      'option',
      `${what}: only one of cropToAspectRatio and padToAspectRatio can be true.`,
    );
  return {
    size,
    channels: lookup(`colorMode of ${what}:`, o.colorMode ?? 'rgb', channelsOf),
    interpolation: lookup(
      `interpolation of ${what}:`,
      o.interpolation ?? 'bilinear',
      interpolations,
    ),
    format: dataFormatOf(what, o.dataFormat),
    crop: o.cropToAspectRatio ?? false,
    pad: o.padToAspectRatio ?? false,
  };
}

/**
 * The pictures (PNG, JPEG) of a folder with a folder a class: batches of
 * [float32 (batch, height, width, channels) of 0 to 255, labels]; with subset 'both' two datasets.
 * Files are mixed and split as Keras does with the same seed. Throws `data` (with the file's name for
 * what cannot be read), `range`, `unknown-id`.
 */
export function imageDatasetFromDirectory(
  directory: string,
  o: ImageDirectoryOptions & { readonly subset: 'both' },
): Promise<[FileDataset<ImageBatch>, FileDataset<ImageBatch>]>;
export function imageDatasetFromDirectory(
  directory: string,
  o: ImageDirectoryOptions & ({ readonly labels: null } | { readonly labelMode: null }),
): Promise<FileDataset<Tensor>>;
export function imageDatasetFromDirectory(
  directory: string,
  o?: ImageDirectoryOptions,
): Promise<FileDataset<ImageBatch>>;
export async function imageDatasetFromDirectory(
  directory: string,
  o: ImageDirectoryOptions = {},
): Promise<unknown> {
  checkOptions('imageDatasetFromDirectory', o, optionNames);
  const s = sizing(o);
  const datasets = await fromDirectory(directory, o, {
    what: 'imageDatasetFromDirectory',
    noun: 'pictures',
    extensions: ['.bmp', '.gif', '.jpeg', '.jpg', '.png'],
    load: (path) => loadImage(path, s),
  });
  return o.subset === 'both' ? datasets : datasets[0];
}

async function loadImage(path: string, s: Sizing): Promise<Tensor> {
  const [{ readFile }, images] = await Promise.all([
    import('node:fs/promises'),
    import('../../data/images.ts'),
  ]);
  const { channels, interpolation, format } = s;
  const [height, width] = s.size;
  let picture: Awaited<ReturnType<typeof images.decode>>;
  try {
    picture = images.withChannels(await images.decode(await readFile(path)), channels);
  } catch (cause) {
    throw new GradloomError(
      'data',
      `${path} is no picture that can be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      { file: path },
      { cause },
    );
  }
  const plain = !s.crop && !s.pad && (interpolation === 'bilinear' || interpolation === 'nearest');
  const image = plain
    ? fromData(
        images.resize(picture, height, width, interpolation),
        [height, width, channels],
        'float32',
      )
    : resizeTensor(
        fromData(
          Float32Array.from(picture.data),
          [picture.height, picture.width, channels],
          'float32',
        ),
        s.size,
        {
          interpolation,
          cropToAspectRatio: s.crop,
          padToAspectRatio: s.pad,
          dataFormat: 'channelsLast',
        },
      );
  return format === 'channelsFirst' ? image.transpose([2, 0, 1]).realize() : image;
}
