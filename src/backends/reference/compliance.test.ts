import { describe, expect, it } from 'vitest';
import { runCompliance } from '../compliance.ts';
import { createReferenceBackend } from './reference.ts';

runCompliance(createReferenceBackend, { describe, it, expect });
