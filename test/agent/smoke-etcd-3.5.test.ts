import { testSmoke } from './smoke.js';

testSmoke('3.5');
