import { testLife } from './life.js';

testLife('3.5', { rounds: 3 });
