import { describe, expect, it } from 'vitest';
import { runCompliance } from '../compliance.ts';
import { createReferenceBackend } from './reference.ts';

// What it computes is what it is held against: only what a backend does with its buffers is at stake.
runCompliance(createReferenceBackend, { describe, it, expect }, { oneIn: 5 });
