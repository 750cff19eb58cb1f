/** The part of keras.ops that is NumPy's: see `gradloom/numpy`. On KerasTensors they become parts of a model. */
import * as np from '../../numpy/index.ts';
import * as own from './keras-numpy.ts';
import { type Lifted, lift } from './lift.ts';

export {
  arange,
  array,
  empty,
  eye,
  full,
  geomspace,
  identity,
  linspace,
  logspace,
  ndim,
  nonzero,
  ones,
  size,
  tri,
  zeros,
} from '../../numpy/index.ts';

export const allclose: Lifted<typeof own.allclose> = /* @__PURE__ */ lift('allclose', own.allclose);
export const arraySplit: Lifted<typeof np.arraySplit> = /* @__PURE__ */ lift(
  'arraySplit',
  np.arraySplit,
);
export const corrcoef: Lifted<typeof np.corrcoef> = /* @__PURE__ */ lift('corrcoef', np.corrcoef);
export const dstack: Lifted<typeof np.dstack> = /* @__PURE__ */ lift('dstack', np.dstack);
export const fabs: Lifted<typeof np.fabs> = /* @__PURE__ */ lift('fabs', np.fabs);
export const fliplr: Lifted<typeof np.fliplr> = /* @__PURE__ */ lift('fliplr', np.fliplr);
export const flipud: Lifted<typeof np.flipud> = /* @__PURE__ */ lift('flipud', np.flipud);
export const fmax: Lifted<typeof np.fmax> = /* @__PURE__ */ lift('fmax', np.fmax);
export const fmin: Lifted<typeof np.fmin> = /* @__PURE__ */ lift('fmin', np.fmin);
export const fmod: Lifted<typeof np.fmod> = /* @__PURE__ */ lift('fmod', np.fmod);
export const heaviside: Lifted<typeof np.heaviside> = /* @__PURE__ */ lift(
  'heaviside',
  np.heaviside,
);
export const histogram: Lifted<typeof own.histogram> = /* @__PURE__ */ lift(
  'histogram',
  own.histogram,
);
export const hsplit: Lifted<typeof np.hsplit> = /* @__PURE__ */ lift('hsplit', np.hsplit);
export const isin: Lifted<typeof np.isin> = /* @__PURE__ */ lift('isin', np.isin);
export const isneginf: Lifted<typeof np.isneginf> = /* @__PURE__ */ lift('isneginf', np.isneginf);
export const isposinf: Lifted<typeof np.isposinf> = /* @__PURE__ */ lift('isposinf', np.isposinf);
export const leftShift: Lifted<typeof np.leftShift> = /* @__PURE__ */ lift(
  'leftShift',
  np.leftShift,
);
export const percentile: Lifted<typeof np.percentile> = /* @__PURE__ */ lift(
  'percentile',
  np.percentile,
);
export const ptp: Lifted<typeof np.ptp> = /* @__PURE__ */ lift('ptp', np.ptp);
export const rad2deg: Lifted<typeof np.rad2deg> = /* @__PURE__ */ lift('rad2deg', np.rad2deg);
export const rightShift: Lifted<typeof np.rightShift> = /* @__PURE__ */ lift(
  'rightShift',
  np.rightShift,
);
export const unique: Lifted<typeof np.unique> = /* @__PURE__ */ lift('unique', np.unique);
export const vsplit: Lifted<typeof np.vsplit> = /* @__PURE__ */ lift('vsplit', np.vsplit);
export const bitwiseInvert: Lifted<typeof np.invert> = /* @__PURE__ */ lift(
  'bitwiseInvert',
  np.invert,
);
export const bitwiseLeftShift: Lifted<typeof np.leftShift> = /* @__PURE__ */ lift(
  'bitwiseLeftShift',
  np.leftShift,
);
export const bitwiseRightShift: Lifted<typeof np.rightShift> = /* @__PURE__ */ lift(
  'bitwiseRightShift',
  np.rightShift,
);
export const diagflat: Lifted<typeof np.diagflat> = /* @__PURE__ */ lift('diagflat', np.diagflat);
export const logaddexp2: Lifted<typeof np.logaddexp2> = /* @__PURE__ */ lift(
  'logaddexp2',
  np.logaddexp2,
);
export const abs: Lifted<typeof np.abs> = /* @__PURE__ */ lift('abs', np.abs);
export const absolute: Lifted<typeof np.absolute> = /* @__PURE__ */ lift('absolute', np.absolute);
export const add: Lifted<typeof np.add> = /* @__PURE__ */ lift('add', np.add);
export const all: Lifted<typeof np.all> = /* @__PURE__ */ lift('all', np.all);
export const amax: Lifted<typeof np.amax> = /* @__PURE__ */ lift('amax', np.amax);
export const amin: Lifted<typeof np.amin> = /* @__PURE__ */ lift('amin', np.amin);
export const any: Lifted<typeof np.any> = /* @__PURE__ */ lift('any', np.any);
export const append: Lifted<typeof np.append> = /* @__PURE__ */ lift('append', np.append);
export const arccos: Lifted<typeof np.arccos> = /* @__PURE__ */ lift('arccos', np.arccos);
export const arccosh: Lifted<typeof np.arccosh> = /* @__PURE__ */ lift('arccosh', np.arccosh);
export const arcsin: Lifted<typeof np.arcsin> = /* @__PURE__ */ lift('arcsin', np.arcsin);
export const arcsinh: Lifted<typeof np.arcsinh> = /* @__PURE__ */ lift('arcsinh', np.arcsinh);
export const arctan: Lifted<typeof np.arctan> = /* @__PURE__ */ lift('arctan', np.arctan);
export const arctan2: Lifted<typeof np.arctan2> = /* @__PURE__ */ lift('arctan2', np.arctan2);
export const arctanh: Lifted<typeof np.arctanh> = /* @__PURE__ */ lift('arctanh', np.arctanh);
export const argmax: Lifted<typeof np.argmax> = /* @__PURE__ */ lift('argmax', np.argmax);
export const argmin: Lifted<typeof np.argmin> = /* @__PURE__ */ lift('argmin', np.argmin);
export const argsort: Lifted<typeof np.argsort> = /* @__PURE__ */ lift('argsort', np.argsort);
export const average: Lifted<typeof np.average> = /* @__PURE__ */ lift('average', np.average);
export const bincount: Lifted<typeof np.bincount> = /* @__PURE__ */ lift('bincount', np.bincount);
export const bitwiseAnd: Lifted<typeof np.bitwiseAnd> = /* @__PURE__ */ lift(
  'bitwiseAnd',
  np.bitwiseAnd,
);
export const bitwiseNot: Lifted<typeof np.bitwiseNot> = /* @__PURE__ */ lift(
  'bitwiseNot',
  np.bitwiseNot,
);
export const bitwiseOr: Lifted<typeof np.bitwiseOr> = /* @__PURE__ */ lift(
  'bitwiseOr',
  np.bitwiseOr,
);
export const bitwiseXor: Lifted<typeof np.bitwiseXor> = /* @__PURE__ */ lift(
  'bitwiseXor',
  np.bitwiseXor,
);
export const broadcastTo: Lifted<typeof np.broadcastTo> = /* @__PURE__ */ lift(
  'broadcastTo',
  np.broadcastTo,
);
export const cbrt: Lifted<typeof np.cbrt> = /* @__PURE__ */ lift('cbrt', np.cbrt);
export const ceil: Lifted<typeof own.ceil> = /* @__PURE__ */ lift('ceil', own.ceil);
export const clip: Lifted<typeof np.clip> = /* @__PURE__ */ lift('clip', np.clip);
export const concatenate: Lifted<typeof np.concatenate> = /* @__PURE__ */ lift(
  'concatenate',
  np.concatenate,
);
export const copy: Lifted<typeof np.copy> = /* @__PURE__ */ lift('copy', np.copy);
export const cos: Lifted<typeof np.cos> = /* @__PURE__ */ lift('cos', np.cos);
export const cosh: Lifted<typeof np.cosh> = /* @__PURE__ */ lift('cosh', np.cosh);
export const countNonzero: Lifted<typeof np.countNonzero> = /* @__PURE__ */ lift(
  'countNonzero',
  np.countNonzero,
);
export const cross: Lifted<typeof np.cross> = /* @__PURE__ */ lift('cross', np.cross);
export const cumprod: Lifted<typeof own.cumprod> = /* @__PURE__ */ lift('cumprod', own.cumprod);
export const cumsum: Lifted<typeof own.cumsum> = /* @__PURE__ */ lift('cumsum', own.cumsum);
export const deg2rad: Lifted<typeof np.deg2rad> = /* @__PURE__ */ lift('deg2rad', np.deg2rad);
export const diag: Lifted<typeof np.diag> = /* @__PURE__ */ lift('diag', np.diag);
export const diagonal: Lifted<typeof np.diagonal> = /* @__PURE__ */ lift('diagonal', np.diagonal);
export const diff: Lifted<typeof np.diff> = /* @__PURE__ */ lift('diff', np.diff);
export const digitize: Lifted<typeof np.digitize> = /* @__PURE__ */ lift('digitize', np.digitize);
export const divide: Lifted<typeof np.divide> = /* @__PURE__ */ lift('divide', np.divide);
export const dot: Lifted<typeof np.dot> = /* @__PURE__ */ lift('dot', np.dot);
export const einsum: Lifted<typeof np.einsum> = /* @__PURE__ */ lift('einsum', np.einsum);
export const emptyLike: Lifted<typeof np.emptyLike> = /* @__PURE__ */ lift(
  'emptyLike',
  np.emptyLike,
);
export const equal: Lifted<typeof np.equal> = /* @__PURE__ */ lift('equal', np.equal);
export const exp: Lifted<typeof np.exp> = /* @__PURE__ */ lift('exp', np.exp);
export const exp2: Lifted<typeof np.exp2> = /* @__PURE__ */ lift('exp2', np.exp2);
export const expandDims: Lifted<typeof np.expandDims> = /* @__PURE__ */ lift(
  'expandDims',
  np.expandDims,
);
export const expm1: Lifted<typeof np.expm1> = /* @__PURE__ */ lift('expm1', np.expm1);
export const flip: Lifted<typeof np.flip> = /* @__PURE__ */ lift('flip', np.flip);
export const floor: Lifted<typeof own.floor> = /* @__PURE__ */ lift('floor', own.floor);
export const floorDivide: Lifted<typeof np.floorDivide> = /* @__PURE__ */ lift(
  'floorDivide',
  np.floorDivide,
);
export const fullLike: Lifted<typeof np.fullLike> = /* @__PURE__ */ lift('fullLike', np.fullLike);
export const greater: Lifted<typeof np.greater> = /* @__PURE__ */ lift('greater', np.greater);
export const greaterEqual: Lifted<typeof np.greaterEqual> = /* @__PURE__ */ lift(
  'greaterEqual',
  np.greaterEqual,
);
export const hstack: Lifted<typeof np.hstack> = /* @__PURE__ */ lift('hstack', np.hstack);
export const hypot: Lifted<typeof np.hypot> = /* @__PURE__ */ lift('hypot', np.hypot);
export const inner: Lifted<typeof np.inner> = /* @__PURE__ */ lift('inner', np.inner);
export const isclose: Lifted<typeof np.isclose> = /* @__PURE__ */ lift('isclose', np.isclose);
export const isfinite: Lifted<typeof np.isfinite> = /* @__PURE__ */ lift('isfinite', np.isfinite);
export const isinf: Lifted<typeof np.isinf> = /* @__PURE__ */ lift('isinf', np.isinf);
export const isnan: Lifted<typeof np.isnan> = /* @__PURE__ */ lift('isnan', np.isnan);
export const kron: Lifted<typeof np.kron> = /* @__PURE__ */ lift('kron', np.kron);
export const less: Lifted<typeof np.less> = /* @__PURE__ */ lift('less', np.less);
export const lessEqual: Lifted<typeof np.lessEqual> = /* @__PURE__ */ lift(
  'lessEqual',
  np.lessEqual,
);
export const log: Lifted<typeof np.log> = /* @__PURE__ */ lift('log', np.log);
export const log1p: Lifted<typeof np.log1p> = /* @__PURE__ */ lift('log1p', np.log1p);
export const log2: Lifted<typeof np.log2> = /* @__PURE__ */ lift('log2', np.log2);
export const log10: Lifted<typeof np.log10> = /* @__PURE__ */ lift('log10', np.log10);
export const logaddexp: Lifted<typeof np.logaddexp> = /* @__PURE__ */ lift(
  'logaddexp',
  np.logaddexp,
);
export const logicalAnd: Lifted<typeof np.logicalAnd> = /* @__PURE__ */ lift(
  'logicalAnd',
  np.logicalAnd,
);
export const logicalNot: Lifted<typeof np.logicalNot> = /* @__PURE__ */ lift(
  'logicalNot',
  np.logicalNot,
);
export const logicalOr: Lifted<typeof np.logicalOr> = /* @__PURE__ */ lift(
  'logicalOr',
  np.logicalOr,
);
export const logicalXor: Lifted<typeof np.logicalXor> = /* @__PURE__ */ lift(
  'logicalXor',
  np.logicalXor,
);
export const matmul: Lifted<typeof np.matmul> = /* @__PURE__ */ lift('matmul', np.matmul);
export const max: Lifted<typeof np.max> = /* @__PURE__ */ lift('max', np.max);
export const maximum: Lifted<typeof np.maximum> = /* @__PURE__ */ lift('maximum', np.maximum);
export const mean: Lifted<typeof np.mean> = /* @__PURE__ */ lift('mean', np.mean);
export const median: Lifted<typeof np.median> = /* @__PURE__ */ lift('median', np.median);
export const meshgrid: Lifted<typeof np.meshgrid> = /* @__PURE__ */ lift('meshgrid', np.meshgrid);
export const min: Lifted<typeof np.min> = /* @__PURE__ */ lift('min', np.min);
export const minimum: Lifted<typeof np.minimum> = /* @__PURE__ */ lift('minimum', np.minimum);
export const mod: Lifted<typeof np.mod> = /* @__PURE__ */ lift('mod', np.mod);
export const moveaxis: Lifted<typeof np.moveaxis> = /* @__PURE__ */ lift('moveaxis', np.moveaxis);
export const multiply: Lifted<typeof np.multiply> = /* @__PURE__ */ lift('multiply', np.multiply);
export const nanmax: Lifted<typeof np.nanmax> = /* @__PURE__ */ lift('nanmax', np.nanmax);
export const nanmean: Lifted<typeof np.nanmean> = /* @__PURE__ */ lift('nanmean', np.nanmean);
export const nanmin: Lifted<typeof np.nanmin> = /* @__PURE__ */ lift('nanmin', np.nanmin);
export const nansum: Lifted<typeof np.nansum> = /* @__PURE__ */ lift('nansum', np.nansum);
export const nanToNum: Lifted<typeof np.nanToNum> = /* @__PURE__ */ lift('nanToNum', np.nanToNum);
export const negative: Lifted<typeof np.negative> = /* @__PURE__ */ lift('negative', np.negative);
export const notEqual: Lifted<typeof np.notEqual> = /* @__PURE__ */ lift('notEqual', np.notEqual);
export const onesLike: Lifted<typeof np.onesLike> = /* @__PURE__ */ lift('onesLike', np.onesLike);
export const outer: Lifted<typeof np.outer> = /* @__PURE__ */ lift('outer', np.outer);
export const pad: Lifted<typeof np.pad> = /* @__PURE__ */ lift('pad', np.pad);
export const power: Lifted<typeof np.power> = /* @__PURE__ */ lift('power', np.power);
export const prod: Lifted<typeof np.prod> = /* @__PURE__ */ lift('prod', np.prod);
export const quantile: Lifted<typeof np.quantile> = /* @__PURE__ */ lift('quantile', np.quantile);
export const ravel: Lifted<typeof np.ravel> = /* @__PURE__ */ lift('ravel', np.ravel);
export const reciprocal: Lifted<typeof np.reciprocal> = /* @__PURE__ */ lift(
  'reciprocal',
  np.reciprocal,
);
export const repeat: Lifted<typeof np.repeat> = /* @__PURE__ */ lift('repeat', np.repeat);
export const reshape: Lifted<typeof np.reshape> = /* @__PURE__ */ lift('reshape', np.reshape);
export const roll: Lifted<typeof np.roll> = /* @__PURE__ */ lift('roll', np.roll);
export const rot90: Lifted<typeof np.rot90> = /* @__PURE__ */ lift('rot90', np.rot90);
export const round: Lifted<typeof np.round> = /* @__PURE__ */ lift('round', np.round);
export const searchsorted: Lifted<typeof np.searchsorted> = /* @__PURE__ */ lift(
  'searchsorted',
  np.searchsorted,
);
export const select: Lifted<typeof np.select> = /* @__PURE__ */ lift('select', np.select);
export const sign: Lifted<typeof np.sign> = /* @__PURE__ */ lift('sign', np.sign);
export const signbit: Lifted<typeof np.signbit> = /* @__PURE__ */ lift('signbit', np.signbit);
export const sin: Lifted<typeof np.sin> = /* @__PURE__ */ lift('sin', np.sin);
export const sinc: Lifted<typeof np.sinc> = /* @__PURE__ */ lift('sinc', np.sinc);
export const sinh: Lifted<typeof np.sinh> = /* @__PURE__ */ lift('sinh', np.sinh);
export const sort: Lifted<typeof np.sort> = /* @__PURE__ */ lift('sort', np.sort);
export const split: Lifted<typeof np.split> = /* @__PURE__ */ lift('split', np.split);
export const sqrt: Lifted<typeof np.sqrt> = /* @__PURE__ */ lift('sqrt', np.sqrt);
export const square: Lifted<typeof np.square> = /* @__PURE__ */ lift('square', np.square);
export const squeeze: Lifted<typeof np.squeeze> = /* @__PURE__ */ lift('squeeze', np.squeeze);
export const stack: Lifted<typeof np.stack> = /* @__PURE__ */ lift('stack', np.stack);
export const std: Lifted<typeof np.std> = /* @__PURE__ */ lift('std', np.std);
export const subtract: Lifted<typeof np.subtract> = /* @__PURE__ */ lift('subtract', np.subtract);
export const sum: Lifted<typeof np.sum> = /* @__PURE__ */ lift('sum', np.sum);
export const swapaxes: Lifted<typeof np.swapaxes> = /* @__PURE__ */ lift('swapaxes', np.swapaxes);
export const take: Lifted<typeof np.take> = /* @__PURE__ */ lift('take', np.take);
export const takeAlongAxis: Lifted<typeof np.takeAlongAxis> = /* @__PURE__ */ lift(
  'takeAlongAxis',
  np.takeAlongAxis,
);
export const tan: Lifted<typeof np.tan> = /* @__PURE__ */ lift('tan', np.tan);
export const tanh: Lifted<typeof np.tanh> = /* @__PURE__ */ lift('tanh', np.tanh);
export const tensordot: Lifted<typeof np.tensordot> = /* @__PURE__ */ lift(
  'tensordot',
  np.tensordot,
);
export const tile: Lifted<typeof np.tile> = /* @__PURE__ */ lift('tile', np.tile);
export const trace: Lifted<typeof np.trace> = /* @__PURE__ */ lift('trace', np.trace);
export const transpose: Lifted<typeof np.transpose> = /* @__PURE__ */ lift(
  'transpose',
  np.transpose,
);
export const tril: Lifted<typeof np.tril> = /* @__PURE__ */ lift('tril', np.tril);
export const triu: Lifted<typeof np.triu> = /* @__PURE__ */ lift('triu', np.triu);
export const trueDivide: Lifted<typeof np.trueDivide> = /* @__PURE__ */ lift(
  'trueDivide',
  np.trueDivide,
);
export const trunc: Lifted<typeof np.trunc> = /* @__PURE__ */ lift('trunc', np.trunc);
export const unravelIndex: Lifted<typeof np.unravelIndex> = /* @__PURE__ */ lift(
  'unravelIndex',
  np.unravelIndex,
);
export const vander: Lifted<typeof np.vander> = /* @__PURE__ */ lift('vander', np.vander);
const variance: Lifted<typeof np.var> = /* @__PURE__ */ lift('var', np.var);

export { variance as var };
export const vdot: Lifted<typeof np.vdot> = /* @__PURE__ */ lift('vdot', np.vdot);
export const vstack: Lifted<typeof np.vstack> = /* @__PURE__ */ lift('vstack', np.vstack);
export const where: Lifted<typeof np.where> = /* @__PURE__ */ lift('where', np.where);
export const zerosLike: Lifted<typeof np.zerosLike> = /* @__PURE__ */ lift(
  'zerosLike',
  np.zerosLike,
);
