import { testSmoke } from './helpers/smoke.js';

testSmoke('3.5', { literally: true });
