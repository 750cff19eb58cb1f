import { checkFamily } from './checks.ts';

checkFamily('noise');
