import { testSmoke } from './helpers/smoke.js';

testSmoke('3.4');
