import { describe, expect, it } from 'vitest';
import { runCompliance } from '../compliance.ts';
import { createWasmBackend } from './wasm.ts';

runCompliance(createWasmBackend, { describe, it, expect });
