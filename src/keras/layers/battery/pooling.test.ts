import { checkFamily } from './checks.ts';

checkFamily('pooling');
