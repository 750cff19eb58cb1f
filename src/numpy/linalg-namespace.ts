/** What is found under np.linalg. */
export {
  cross,
  matmul,
  matrixPower,
  outer,
  tensordot,
  trace,
  vdot,
} from './linalg.ts';
export { type NormOptions, norm } from './norms.ts';
