import { checkFamily } from './checks.ts';

checkFamily('normalization');
