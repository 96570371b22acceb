// The licences of what is inside of bundles, which their authors want to go with it.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** @param metafiles what went into each bundle, as esbuild tells it, relative to this folder */
export function licencesOf(metafiles) {
  const inputs = metafiles.flatMap(({ inputs }) => Object.keys(inputs));
  const folders = inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []);
  return [...new Set(folders)].sort().map(describe).join('\n');
}

function describe(folder) {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const file =
    existsSync(folder) && readdirSync(folder).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
  const text = file ? readFileSync(`${folder}/${file}`, 'utf8').trim() : '';
  return `${'='.repeat(72)}\n${name} ${version} (${license})\n\n${text}\n`;
}
