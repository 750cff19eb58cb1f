export { createReferenceBackend } from './reference.ts';
