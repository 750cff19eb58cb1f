export { EinsumDense, type EinsumDenseOptions, einsumDense } from './einsum-dense.ts';
