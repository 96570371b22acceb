import { removeTree } from '../../../../agent/deploys/releases/remove-tree.js';

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new TypeError('usage: remove-release.js FOLDER');
await removeTree(folder);
