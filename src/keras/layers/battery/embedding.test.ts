import { checkFamily } from './checks.ts';

checkFamily('embedding');
