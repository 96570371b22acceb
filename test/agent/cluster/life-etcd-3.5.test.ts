import { testLife } from '../helpers/life.js';

testLife('3.5', { rounds: 3 });
