/**
 * The operations of keras.ops as Keras's files name them: each is a class with options, which its config
 * holds, and a call with inputs, which the nodes of the graph hold. Here it is one function of both. A line
 * of the table says how the arguments of the function are divided:
 *
 *     Take: x, indices, *axis                 by place; those with * are options of the class
 *     Mean: x, *axis, {*keepdims}             in braces: in an object at the end
 *     Argmax: x, {~*axis, *keepdims}          ~: by place or in the object
 *     Einsum: *subscripts, ...operands        any number of them
 *     Std: x, *axis, {*keepdims, ddof!}       !: of the function here alone; no file of Keras's can hold it
 *     RMSNorm: x, {+scale, *axis}             +: Keras's call needs it, as null where it is not given
 *     Cumsum: x, *axis; dtype=null            an option that may have this value only
 *     PSNR=psnr: x1, x2, *maxVal              where the function is not called as the class is
 *
 * Names are Keras's, in camelCase. Source: keras/src/ops of Keras 3.15, __init__ and call of the classes.
 */

/** One argument of a function. */
export interface Parameter {
  readonly name: string;
  /** Whether it is an option of Keras's class; else its call takes it. */
  readonly isOption: boolean;
  /** Whether Keras does not have it. */
  readonly isOwn: boolean;
  /** Whether Keras's call has no default for it. */
  readonly isNeeded: boolean;
  /** Where the function takes it. */
  readonly place: 'place' | 'object' | 'either' | 'rest';
}

export interface OperationEntry {
  readonly className: string;
  /** The part of keras.ops that it is in: `numpy`, `nn`, … */
  readonly module: string;
  /** The name of the function here. */
  readonly fn: string;
  readonly parameters: readonly Parameter[];
  /** Options of Keras's that the function does not have, with the value that is the same as none. */
  readonly fixed: ReadonlyMap<string, unknown>;
}

const table: Readonly<Record<string, string>> = {
  numpy: `
    Absolute Abs Arccos Arccosh Arcsin Arcsinh Arctan Arctanh BitwiseNot Cbrt Ceil Copy Cos Cosh Deg2rad: x
    Exp Exp2 Expm1 Floor Isfinite Isinf Isnan Log Log10 Log1p Log2 LogicalNot Negative Ravel Reciprocal: x
    Fabs Fliplr Flipud Isneginf Isposinf Rad2deg BitwiseInvert Corrcoef: x
    Sign Signbit Sin Sinc Sinh Sqrt Square Tan Tanh Trunc: x
    Add Subtract Multiply Divide TrueDivide FloorDivide Mod Power Maximum Minimum Arctan2 Hypot: x1, x2
    Logaddexp Equal NotEqual Less LessEqual Greater GreaterEqual LogicalAnd LogicalOr LogicalXor: x1, x2
    Matmul Dot Inner Outer Vdot Kron: x1, x2
    Fmax Fmin Fmod Heaviside Logaddexp2 DivideNoNan: x1, x2
    BitwiseAnd BitwiseOr BitwiseXor LeftShift RightShift BitwiseLeftShift BitwiseRightShift: x, y
    Mean Sum Median All Any Amax Amin Ptp Nanmax Nanmean Nanmin Nansum: x, *axis, {*keepdims}
    Std Var: x, *axis, {*keepdims, ddof!}
    Max Min: x, *axis, {*keepdims, *initial}
    Prod: x, *axis, {*keepdims, *dtype}
    Argmax Argmin: x, {~*axis, *keepdims}
    CountNonzero: x, *axis, {keepdims!}
    Flip Squeeze Argsort Sort Stack ExpandDims: x, *axis
    Cumsum Cumprod: x, *axis, *dtype
    Average: x, *axis, {weights, keepdims!}
    Quantile Percentile: x, q, *axis, {*method, *keepdims}
    Append: x1, x2, *axis
    Concatenate: xs, *axis
    Hstack Vstack Dstack: xs
    Take TakeAlongAxis: x, indices, *axis
    Split ArraySplit: x, *indicesOrSections, *axis
    Hsplit Vsplit: x, *indicesOrSections
    Repeat: x, *repeats, *axis
    Roll: x, *shift, *axis
    Rot90: array, *k, *axes
    Tile: x, *repeats
    Reshape: x, *newshape
    BroadcastTo: x, *shape
    Transpose: x, *axes
    Moveaxis: x, *source, *destination
    Swapaxes: x, *axis1, *axis2
    Diagonal Trace: x, *offset, *axis1, *axis2
    Diag Diagflat Tril Triu: x, *k
    Diff: a, *n, *axis
    Digitize: x, bins
    SearchSorted=searchsorted: sortedSequence, values, {~*side}
    Bincount: x, {*weights, *minlength}; sparse=false
    UnravelIndex: indices, *shape
    Clip: x, *xMin, *xMax
    Round: x, *decimals
    Pad: x, *padWidth, {~*mode, constantValues}
    NanToNum: x, {*nan, *posinf, *neginf}
    Isclose: x1, x2, {rtol, atol, *equalNan}
    AllClose=allclose: x1, x2, {*rtol, *atol, *equalNan}
    IsIn=isin: x1, x2, {*assumeUnique, *invert}
    Histogram: x, {*bins, *range, density!, weights!}
    Unique: x, {*sorted, *returnIndex, *returnInverse, *returnCounts, *axis, *size, *fillValue}
    EmptyLike OnesLike ZerosLike: x, *dtype
    FullLike: x, fillValue, *dtype
    Cross: x1, x2, {*axisa, *axisb, *axisc, *axis}
    Tensordot: x1, x2, *axes
    Einsum: *subscripts, ...operands
    Meshgrid: ...x, {*indexing}
    Vander: x, *N, *increasing
    Where: condition, x1, x2
    Select: condlist, choicelist, default
    GetItem=: x, key`,
  nn: `
    Relu Relu6 Sigmoid Softplus Softsign Silu LogSigmoid HardSigmoid HardSilu Selu TanhShrink HardTanh SparsePlus SparseSigmoid: x
    Squareplus: x, *b
    SoftShrink HardShrink: x, *threshold
    Threshold: x, *threshold, *defaultValue
    LeakyRelu: x, *negativeSlope
    Elu Celu: x, *alpha
    Gelu: x, *approximate
    Glu Softmax LogSoftmax: x, *axis
    Sparsemax: x, *axis
    MaxPool AveragePool: inputs, *poolSize, *strides, {*padding, *dataFormat}
    Conv DepthwiseConv: inputs, kernel, {*strides, *padding, *dataFormat, *dilationRate}
    SeparableConv: inputs, depthwiseKernel, pointwiseKernel, {*strides, *padding, *dataFormat, *dilationRate}
    ConvTranspose: inputs, kernel, {*strides, *padding, *outputPadding, *dataFormat, *dilationRate}
    OneHot: x, *numClasses, {*axis, *dtype}; sparse=false
    MultiHot: inputs, *numClasses, {*axis, *dtype}; sparse=false
    BinaryCrossentropy: target, output, {*fromLogits}
    CategoricalCrossentropy SparseCategoricalCrossentropy: target, output, {*fromLogits, *axis}
    Moments: x, *axes, {*keepdims}; synchronized=false
    BatchNorm=batchNormalization: x, mean, variance, *axis, {offset, scale, *epsilon}
    LayerNorm=layerNormalization: x, {+gamma, +beta, *axis, *epsilon}; rmsScaling=false
    RMSNorm=rmsNormalization: x, {+scale, *axis, *epsilon}
    Normalize: x, {*axis, *order, *epsilon}
    PSNR=psnr: x1, x2, *maxVal
    DotProductAttention: query, key, value, {bias, mask, scale, *isCausal}; flashAttention=null, attnLogitsSoftCap=null`,
  math: `
    Rsqrt Erf Erfinv: x
    Logsumexp: x, {~*axis, *keepdims}
    TopK: x, *k, {*sorted}
    InTopK: targets, predictions, *k
    SegmentSum SegmentMax: data, segmentIds, {*numSegments, *sorted}
    ExtractSequences: x, *sequenceLength, *sequenceStride`,
  core: `
    Cast SaturateCast: x, *dtype
    StopGradient: variable
    Slice: inputs, startIndices, *shape
    SliceUpdate: inputs, startIndices, updates
    Scatter: indices, values, *shape
    ScatterUpdate: inputs, indices, updates, {*reduction}
    Unstack: x, {*num, *axis}`,
  image: `
    RGBToGrayscale=rgbToGrayscale RGBToHSV=rgbToHsv HSVToRGB=hsvToRgb: images, *dataFormat
    Resize: images, *size, {*interpolation, *antialias, *cropToAspectRatio, *padToAspectRatio, *fillMode, *fillValue, *dataFormat}
    AffineTransform: images, transform, {*interpolation, *fillMode, *fillValue, *dataFormat}
    GaussianBlur: images, *kernelSize, *sigma, *dataFormat`,
  linalg: `
    Norm: x, {*ord, *axis, *keepdims}`,
};

/** Functions that are called otherwise than Keras's class of the same meaning. */
const otherNames: Readonly<Record<string, string>> = { swish: 'Silu', hardSwish: 'HardSilu' };

function parse(signature: string): Pick<OperationEntry, 'parameters' | 'fixed'> {
  const [call, fixed = ''] = signature.split(';');
  let inObject = false;
  const parameters = call.split(',').map((raw): Parameter => {
    const text = raw.trim();
    inObject ||= text.startsWith('{');
    return {
      name: text.replace(/[{}~*+.!]/g, ''),
      isOption: text.includes('*'),
      isOwn: text.includes('!'),
      isNeeded: text.includes('+'),
      place: text.includes('~')
        ? 'either'
        : inObject
          ? 'object'
          : text.includes('...')
            ? 'rest'
            : 'place',
    };
  });
  const pairs = fixed.split(',').filter((f) => f.trim() !== '');
  return {
    parameters,
    fixed: new Map(pairs.map((p) => p.trim().split('=')).map(([k, v]) => [k, JSON.parse(v)])),
  };
}

const uncapital = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1);

interface Entries {
  readonly byClass: ReadonlyMap<string, OperationEntry>;
  readonly byFunction: ReadonlyMap<string, OperationEntry>;
}
let known: Entries | undefined;

function entries(): Entries {
  if (known) return known;
  const byClass = new Map<string, OperationEntry>();
  const byFunction = new Map<string, OperationEntry>();
  for (const [module, lines] of Object.entries(table))
    for (const line of lines.trim().split('\n')) {
      const [names, signature] = line.split(':');
      for (const name of names.trim().split(' ')) {
        const [className, fn = uncapital(className)] = name.split('=');
        const entry = { className, module, fn, ...parse(signature) };
        byClass.set(className, entry);
        byFunction.set(fn, entry);
      }
    }
  for (const [fn, className] of Object.entries(otherNames))
    byFunction.set(fn, byClass.get(className)!);
  known = { byClass, byFunction };
  return known;
}

/** The operation of that class; undefined for one that is none of keras.ops. */
export function entryOfClass(className: string): OperationEntry | undefined {
  return entries().byClass.get(className);
}

/** The operation that a function of keras.ops is, by its name here. */
export function entryOfFunction(fn: string): OperationEntry | undefined {
  return entries().byFunction.get(fn);
}

/** For suggestions. */
export function operationClasses(): string[] {
  return [...entries().byClass.keys()];
}
