import { checkFamily } from './checks.ts';

checkFamily('attention');
