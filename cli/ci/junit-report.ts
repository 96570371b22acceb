import { visible } from '../output/escape-controls.js';
import {
  type DeployStory,
  lastLines,
  nameOf,
  type Result,
  resultOf,
  resultOfAll,
  type StoryHost,
} from './deploy-story.js';

// What JUnit reports are was never written down; this is valid by the schemas of Jenkins (junit-10.xsd) and of Ant (JUnit.xsd),
// which GitLab's reader and the common actions for GitHub follow as well.

/** One testcase. */
interface Case {
  readonly classname: string;
  readonly name: string;
  readonly elapsedMs: number;
  readonly result: Result;
  /** What kind of failure it is, such as the step. */
  readonly type: string;
  readonly message: string;
  readonly output: readonly string[];
}

/** A deploy as a JUnit report: a suite, with a test for its verdict and one for each host. @param machine whose name it says */
export function junitReport(story: DeployStory, machine: string): string {
  const cases = [caseOfAll(story), ...story.hosts.map((host) => caseOf(host, story))];
  const count = (result: Result): number => cases.filter((one) => one.result === result).length;
  const suite = attributes({
    id: '0',
    package: 'hawser',
    name: nameOf(story),
    timestamp: story.startedAt.slice(0, 19),
    hostname: machine || 'localhost',
    tests: String(cases.length),
    failures: String(count('failure')),
    errors: String(count('error')),
    skipped: String(count('skipped')),
    time: seconds(story.elapsedMs),
  });
  const properties = { app: story.app, deploy: story.id, verdict: story.ending.code };
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite${suite}>`,
    '    <properties>',
    ...Object.entries(properties).flatMap(([name, value]) =>
      value === undefined ? [] : [`      <property${attributes({ name, value: String(value) })}/>`],
    ),
    '    </properties>',
    ...cases.flatMap(formatCase),
    `    <system-out>${story.steps.map(text).join('\n')}</system-out>`,
    '    <system-err></system-err>',
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

/** Named without the number of the deploy, so that CI systems can compare it with the run before. */
function caseOfAll(story: DeployStory): Case {
  const { command, app, elapsedMs, ending } = story;
  const { code: type, message } = ending;
  const name = app === undefined ? command : `${command} of ${app}`;
  return { classname: 'hawser', name, elapsedMs, result: resultOfAll(story), type, message, output: [] };
}

function caseOf(host: StoryHost, story: DeployStory): Case {
  const { hostname: name, elapsedMs, state, step, message } = host;
  const where = step === undefined ? state : `${state} at ${step}`;
  return {
    ...{ classname: `hawser.${story.app ?? ''}`, name, elapsedMs, result: resultOf(host, story) },
    ...{ type: step ?? state, message: `${where}: ${message}`, output: lastLines(host.output) },
  };
}

function formatCase({ classname, name, elapsedMs, result, type, message, output }: Case): string[] {
  const head = `    <testcase${attributes({ classname, name, time: seconds(elapsedMs) })}`;
  if (result === 'passed') return [`${head}/>`];
  if (result === 'skipped')
    return [`${head}>`, `      <skipped${attributes({ message })}/>`, '    </testcase>'];
  const [first = '', ...rest] = [message, ...output].map(text);
  const body = [`      <${result}${attributes({ type, message })}>${first}`, ...rest].join('\n');
  return [`${head}>`, `${body}</${result}>`, '    </testcase>'];
}

function attributes(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${text(value)}"`)
    .join('');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** One line of anybody's text. XML has no way to write control characters, halves of surrogate pairs, U+FFFE and U+FFFF. */
function text(line: string): string {
  return visible(line)
    .replace(/[\ufffe\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`)
    .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}

function seconds(ms: number): string {
  return (Math.max(0, ms) / 1_000).toFixed(3);
}
