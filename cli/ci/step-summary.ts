import { visible } from '../output/escape-controls.js';
import { type DeployStory, lastLines, nameOf, resultOf, type StoryHost } from './deploy-story.js';

/** A step's summary may have 1 MiB: so many rows, and so many of the outputs, fit in any case. */
const MOST_HOSTS = 100;
const MOST_OUTPUTS = 10;

/** A deploy as Markdown for the page of a run in GitHub Actions. */
export function stepSummary(story: DeployStory): string {
  const { ending } = story;
  const bad = story.hosts.filter((host) => ['failure', 'error'].includes(resultOf(host, story)));
  const shown = [...bad, ...story.hosts.filter((host) => !bad.includes(host))].slice(0, MOST_HOSTS);
  const left = story.hosts.length - shown.length;
  return [
    `### ${text(nameOf(story))}: ${text(ending.code)}`,
    '',
    text(ending.message),
    '',
    ...(shown.length === 0 ? [] : ['| Host | State | Step | Message |', '| --- | --- | --- | --- |']),
    ...shown.map((host) => `| ${cells(host).map(text).join(' | ')} |`),
    ...(left === 0 ? [] : ['', `… and ${left} more`]),
    '',
    ...bad.slice(0, MOST_OUTPUTS).flatMap(outputOf),
  ].join('\n');
}

function cells({ hostname, state, step = '', message }: StoryHost): string[] {
  return [hostname, state, step, message];
}

function outputOf({ hostname, output }: StoryHost): string[] {
  if (output === '') return [];
  const written = lastLines(output).map((line) => html(visible(line)));
  return [
    `<details><summary>What ${text(hostname)} wrote last</summary>`,
    '',
    // An empty line would end the block, and Markdown begin again.
    `<pre>${written.map((line) => (line.trim() === '' ? '&#32;' : line)).join('\n')}</pre>`,
    '',
    '</details>',
    '',
  ];
}

/** Anybody's text on one line that says nothing in Markdown or HTML. */
function text(line: string): string {
  return html(visible(line));
}

/** Each sign of ASCII as its number, which means nothing but the sign. */
function html(line: string): string {
  return line.replace(/[!-/:-@[-`{-~]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
