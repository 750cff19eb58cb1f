export { Masking, type MaskingOptions, masking } from './masking.ts';
