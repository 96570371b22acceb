import { testCluster } from '../helpers/cluster.js';

testCluster('3.4');
