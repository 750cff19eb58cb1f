/** What is found under np.linalg. */
export {
  cross,
  matmul,
  matrixPower,
  type NormOptions,
  norm,
  outer,
  tensordot,
  trace,
  vdot,
} from './linalg.ts';
