/** keras.ops: what layers, losses and metrics of one's own are written with. */
import { linalg } from '../../numpy/index.ts';
import { provideOperations } from '../functional/operation.ts';
import * as convolutions from './conv.ts';
import * as core from './core.ts';
import * as all from './index.ts';
import { type Lifted, lift } from './lift.ts';
import * as math from './math.ts';
import * as nn from './nn.ts';
import * as normalizations from './normalizations.ts';

export { cond, foriLoop, map, type Nested, scan, vectorizedMap, whileLoop } from './control.ts';
export type { ConvOpOptions } from './conv.ts';
export { convertToNumpy, convertToTensor, dtype, isTensor, shape } from './core.ts';
export * as image from './image.ts';
export * from './numpy.ts';

export const cast: Lifted<typeof core.cast> = /* @__PURE__ */ lift('cast', core.cast);
export const stopGradient: Lifted<typeof core.stopGradient> = /* @__PURE__ */ lift(
  'stopGradient',
  core.stopGradient,
);
export const slice: Lifted<typeof core.slice> = /* @__PURE__ */ lift('slice', core.slice);
export const sliceUpdate: Lifted<typeof core.sliceUpdate> = /* @__PURE__ */ lift(
  'sliceUpdate',
  core.sliceUpdate,
);
export const scatter: Lifted<typeof core.scatter> = /* @__PURE__ */ lift('scatter', core.scatter);
export const scatterUpdate: Lifted<typeof core.scatterUpdate> = /* @__PURE__ */ lift(
  'scatterUpdate',
  core.scatterUpdate,
);
export const unstack: Lifted<typeof core.unstack> = /* @__PURE__ */ lift('unstack', core.unstack);
export const erf: Lifted<typeof math.erf> = /* @__PURE__ */ lift('erf', math.erf);
export const erfinv: Lifted<typeof math.erfinv> = /* @__PURE__ */ lift('erfinv', math.erfinv);
export const rsqrt: Lifted<typeof math.rsqrt> = /* @__PURE__ */ lift('rsqrt', math.rsqrt);
export const logsumexp: Lifted<typeof math.logsumexp> = /* @__PURE__ */ lift(
  'logsumexp',
  math.logsumexp,
);
export const topK: Lifted<typeof math.topK> = /* @__PURE__ */ lift('topK', math.topK);
export const inTopK: Lifted<typeof math.inTopK> = /* @__PURE__ */ lift('inTopK', math.inTopK);
export const segmentSum: Lifted<typeof math.segmentSum> = /* @__PURE__ */ lift(
  'segmentSum',
  math.segmentSum,
);
export const segmentMax: Lifted<typeof math.segmentMax> = /* @__PURE__ */ lift(
  'segmentMax',
  math.segmentMax,
);
export const extractSequences: Lifted<typeof math.extractSequences> = /* @__PURE__ */ lift(
  'extractSequences',
  math.extractSequences,
);
export const norm: Lifted<typeof linalg.norm> = /* @__PURE__ */ lift('norm', linalg.norm);
export const relu: Lifted<typeof nn.relu> = /* @__PURE__ */ lift('relu', nn.relu);
export const relu6: Lifted<typeof nn.relu6> = /* @__PURE__ */ lift('relu6', nn.relu6);
export const sigmoid: Lifted<typeof nn.sigmoid> = /* @__PURE__ */ lift('sigmoid', nn.sigmoid);
export const silu: Lifted<typeof nn.silu> = /* @__PURE__ */ lift('silu', nn.silu);
export const swish: Lifted<typeof nn.swish> = /* @__PURE__ */ lift('swish', nn.swish);
export const softplus: Lifted<typeof nn.softplus> = /* @__PURE__ */ lift('softplus', nn.softplus);
export const softsign: Lifted<typeof nn.softsign> = /* @__PURE__ */ lift('softsign', nn.softsign);
export const selu: Lifted<typeof nn.selu> = /* @__PURE__ */ lift('selu', nn.selu);
export const hardSigmoid: Lifted<typeof nn.hardSigmoid> = /* @__PURE__ */ lift(
  'hardSigmoid',
  nn.hardSigmoid,
);
export const hardSilu: Lifted<typeof nn.hardSilu> = /* @__PURE__ */ lift('hardSilu', nn.hardSilu);
export const hardSwish: Lifted<typeof nn.hardSwish> = /* @__PURE__ */ lift(
  'hardSwish',
  nn.hardSwish,
);
export const hardTanh: Lifted<typeof nn.hardTanh> = /* @__PURE__ */ lift('hardTanh', nn.hardTanh);
export const logSigmoid: Lifted<typeof nn.logSigmoid> = /* @__PURE__ */ lift(
  'logSigmoid',
  nn.logSigmoid,
);
export const tanhShrink: Lifted<typeof nn.tanhShrink> = /* @__PURE__ */ lift(
  'tanhShrink',
  nn.tanhShrink,
);
export const sparsemax: Lifted<typeof nn.sparsemax> = /* @__PURE__ */ lift(
  'sparsemax',
  nn.sparsemax,
);
export const elu: Lifted<typeof nn.elu> = /* @__PURE__ */ lift('elu', nn.elu);
export const celu: Lifted<typeof nn.celu> = /* @__PURE__ */ lift('celu', nn.celu);
export const leakyRelu: Lifted<typeof nn.leakyRelu> = /* @__PURE__ */ lift(
  'leakyRelu',
  nn.leakyRelu,
);
export const gelu: Lifted<typeof nn.gelu> = /* @__PURE__ */ lift('gelu', nn.gelu);
export const hardShrink: Lifted<typeof nn.hardShrink> = /* @__PURE__ */ lift(
  'hardShrink',
  nn.hardShrink,
);
export const softShrink: Lifted<typeof nn.softShrink> = /* @__PURE__ */ lift(
  'softShrink',
  nn.softShrink,
);
export const threshold: Lifted<typeof nn.threshold> = /* @__PURE__ */ lift(
  'threshold',
  nn.threshold,
);
export const glu: Lifted<typeof nn.glu> = /* @__PURE__ */ lift('glu', nn.glu);
export const softmax: Lifted<typeof nn.softmax> = /* @__PURE__ */ lift('softmax', nn.softmax);
export const logSoftmax: Lifted<typeof nn.logSoftmax> = /* @__PURE__ */ lift(
  'logSoftmax',
  nn.logSoftmax,
);
export const oneHot: Lifted<typeof nn.oneHot> = /* @__PURE__ */ lift('oneHot', nn.oneHot);
export const multiHot: Lifted<typeof nn.multiHot> = /* @__PURE__ */ lift('multiHot', nn.multiHot);
export const binaryCrossentropy: Lifted<typeof nn.binaryCrossentropy> = /* @__PURE__ */ lift(
  'binaryCrossentropy',
  nn.binaryCrossentropy,
);
export const categoricalCrossentropy: Lifted<typeof nn.categoricalCrossentropy> =
  /* @__PURE__ */ lift('categoricalCrossentropy', nn.categoricalCrossentropy);
export const sparseCategoricalCrossentropy: Lifted<typeof nn.sparseCategoricalCrossentropy> =
  /* @__PURE__ */ lift('sparseCategoricalCrossentropy', nn.sparseCategoricalCrossentropy);
export const moments: Lifted<typeof nn.moments> = /* @__PURE__ */ lift('moments', nn.moments);
export const batchNormalization: Lifted<typeof nn.batchNormalization> = /* @__PURE__ */ lift(
  'batchNormalization',
  nn.batchNormalization,
);
export const normalize: Lifted<typeof nn.normalize> = /* @__PURE__ */ lift(
  'normalize',
  nn.normalize,
);
export const psnr: Lifted<typeof nn.psnr> = /* @__PURE__ */ lift('psnr', nn.psnr);
export const dotProductAttention: Lifted<typeof nn.dotProductAttention> = /* @__PURE__ */ lift(
  'dotProductAttention',
  nn.dotProductAttention,
);
export const conv: Lifted<typeof convolutions.conv> = /* @__PURE__ */ lift(
  'conv',
  convolutions.conv,
);
export const depthwiseConv: Lifted<typeof convolutions.depthwiseConv> = /* @__PURE__ */ lift(
  'depthwiseConv',
  convolutions.depthwiseConv,
);
export const separableConv: Lifted<typeof convolutions.separableConv> = /* @__PURE__ */ lift(
  'separableConv',
  convolutions.separableConv,
);
export const convTranspose: Lifted<typeof convolutions.convTranspose> = /* @__PURE__ */ lift(
  'convTranspose',
  convolutions.convTranspose,
);
export const maxPool: Lifted<typeof convolutions.maxPool> = /* @__PURE__ */ lift(
  'maxPool',
  convolutions.maxPool,
);
export const averagePool: Lifted<typeof convolutions.averagePool> = /* @__PURE__ */ lift(
  'averagePool',
  convolutions.averagePool,
);
export const getItem: Lifted<typeof core.getItem> = /* @__PURE__ */ lift('getItem', core.getItem);
export const saturateCast: Lifted<typeof core.saturateCast> = /* @__PURE__ */ lift(
  'saturateCast',
  core.saturateCast,
);
export const divideNoNan: Lifted<typeof math.divideNoNan> = /* @__PURE__ */ lift(
  'divideNoNan',
  math.divideNoNan,
);
export const squareplus: Lifted<typeof nn.squareplus> = /* @__PURE__ */ lift(
  'squareplus',
  nn.squareplus,
);
export const sparsePlus: Lifted<typeof nn.sparsePlus> = /* @__PURE__ */ lift(
  'sparsePlus',
  nn.sparsePlus,
);
export const sparseSigmoid: Lifted<typeof nn.sparseSigmoid> = /* @__PURE__ */ lift(
  'sparseSigmoid',
  nn.sparseSigmoid,
);
export const layerNormalization: Lifted<typeof normalizations.layerNormalization> =
  /* @__PURE__ */ lift('layerNormalization', normalizations.layerNormalization);
export const rmsNormalization: Lifted<typeof normalizations.rmsNormalization> =
  /* @__PURE__ */ lift('rmsNormalization', normalizations.rmsNormalization);

// Configs name operations; this is how they are found.
provideOperations(all);
