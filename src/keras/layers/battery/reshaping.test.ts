import { checkFamily } from './checks.ts';

checkFamily('reshaping');
