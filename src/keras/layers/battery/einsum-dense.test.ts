import { checkFamily } from './checks.ts';

checkFamily('einsum-dense');
