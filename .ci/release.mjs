// Checks that a tag, package.json and CHANGELOG.md agree, and prints the tag of npm to publish under.
import { readFileSync } from 'node:fs';

const tag = process.argv[2] ?? '';
const { version, repository } = JSON.parse(readFileSync('package.json', 'utf8'));
const problems = [];
if (tag !== `v${version}`) problems.push(`the tag is ${tag}, but package.json has version ${version}`);
if (!readFileSync('CHANGELOG.md', 'utf8').includes(`\n## ${version} `)) {
  problems.push(`CHANGELOG.md has no heading "## ${version} (DATE)"`);
}
if (repository?.url === undefined) {
  problems.push('package.json names no repository, which npm compares with where the release comes from');
}
for (const problem of problems) console.error(`release: ${problem}`);
if (problems.length > 0) process.exit(1);
console.log(version.includes('-') ? 'next' : 'latest');
