import { testCluster } from './cluster.js';

testCluster('3.5');
