import { checkFamily } from './checks.ts';

checkFamily('core');
