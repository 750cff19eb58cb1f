import { checkFamily } from './checks.ts';

checkFamily('merging');
