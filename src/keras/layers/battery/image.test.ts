import { checkFamily } from './checks.ts';

checkFamily('image');
