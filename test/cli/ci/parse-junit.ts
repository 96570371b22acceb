/** A JUnit report as a strict reader gets it. */
export interface ParsedSuite {
  readonly attributes: Readonly<Record<string, string>>;
  readonly properties: Readonly<Record<string, string>>;
  readonly cases: readonly ParsedCase[];
  readonly systemOut: string;
}

export interface ParsedCase {
  readonly classname: string;
  readonly name: string;
  readonly result: 'passed' | 'failure' | 'error' | 'skipped';
  readonly type: string | undefined;
  readonly message: string | undefined;
  /** The text of the failure. */
  readonly text: string;
}

interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

/** What each element has, by the schemas of Jenkins (junit-10.xsd) and of Ant (JUnit.xsd): where they differ, what both allow. */
const ELEMENTS: Readonly<
  Record<string, { must: string[]; may?: string[]; children?: RegExp; hasText?: true }>
> = {
  testsuites: { must: [], children: /^(testsuite )+$/ },
  testsuite: {
    must: ['id', 'package', 'name', 'timestamp', 'hostname', 'tests', 'failures', 'errors', 'time'],
    may: ['skipped'],
    children: /^properties (testcase )*system-out system-err $/,
  },
  properties: { must: [], children: /^(property )*$/ },
  property: { must: ['name', 'value'] },
  testcase: { must: ['name', 'classname', 'time'], children: /^((failure|error|skipped) )?$/ },
  failure: { must: ['type', 'message'], hasText: true },
  error: { must: ['type', 'message'], hasText: true },
  skipped: { must: ['message'] },
  'system-out': { must: [], hasText: true },
  'system-err': { must: [], hasText: true },
};

/** Reads one suite. @throws Error for anything that is not well-formed XML 1.0, or not what the schemas allow */
export function parseJunit(xml: string): ParsedSuite {
  const bad = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.exec(xml);
  if (bad !== null) throw new Error(`U+${bad[0].codePointAt(0)?.toString(16)} is no character of XML`);
  const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
  if (!xml.startsWith(declaration)) throw new Error('it has no declaration');
  const root = parseElements(xml.slice(declaration.length));
  if (root.name !== 'testsuites') throw new Error(`the root is ${root.name}`);
  check(root);
  const [suite] = root.children;
  if (suite === undefined || root.children.length !== 1) throw new Error('it has not one suite');
  return readSuite(suite);
}

const TOKEN = /<(\/?)([a-z-]+)((?: [a-z]+="[^"<]*")*)(\/?)>|([^<]+)/gy;

function parseElements(xml: string): Element {
  const top: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [top];
  let end = 0;
  for (const [token, isEnd, name = '', attributes = '', isEmpty, text] of xml.matchAll(TOKEN)) {
    end += token.length;
    const current = open.at(-1) ?? top;
    if (text !== undefined) current.text += decode(text);
    else if (isEnd === '/') {
      if (open.pop()?.name !== name) throw new Error(`</${name}> ends nothing`);
    } else {
      const element: Element = { name, attributes: parseAttributes(attributes), children: [], text: '' };
      current.children.push(element);
      if (isEmpty !== '/') open.push(element);
    }
  }
  if (end !== xml.length) throw new Error(`not well-formed: ${xml.slice(end, end + 80)}`);
  const [root] = top.children;
  if (open.length !== 1 || root === undefined || top.children.length > 1)
    throw new Error('it has not one root');
  return root;
}

function parseAttributes(text: string): Record<string, string> {
  const all = [...text.matchAll(/ ([a-z]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [
    name,
    decode(value),
  ]);
  if (new Set(all.map(([name]) => name)).size !== all.length) throw new Error(`an attribute twice:${text}`);
  return Object.fromEntries(all);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

function decode(text: string): string {
  return text.replace(/&([a-z]*;?)/g, (entity, name: string) => {
    const character = name.endsWith(';') ? ENTITIES[name.slice(0, -1)] : undefined;
    if (character === undefined) throw new Error(`${entity} is no entity`);
    return character;
  });
}

function check({ name, attributes, children, text }: Element): void {
  const known = ELEMENTS[name];
  if (known === undefined) throw new Error(`${name} is no element of a report`);
  const { must, may = [], hasText = false } = known;
  const names = Object.keys(attributes);
  const wrong = [
    ...must.filter((one) => !names.includes(one)),
    ...names.filter((one) => ![...must, ...may].includes(one)),
  ];
  if (wrong.length > 0) throw new Error(`${name}: missing or unknown: ${wrong.join()}`);
  const order = children.map((child) => `${child.name} `).join('');
  if (!(known.children ?? /^$/).test(order)) throw new Error(`${name} has ${order}`);
  if (!hasText && text.trim() !== '') throw new Error(`${name} has text: ${text}`);
  for (const one of children) check(one);
}

function readSuite({ attributes, children }: Element): ParsedSuite {
  const { timestamp = '', time = '' } = attributes;
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(timestamp)) throw new Error(`no time: ${timestamp}`);
  if (!/^\d+\.\d{3}$/.test(time)) throw new Error(`no duration: ${time}`);
  const properties = children.filter(({ name }) => name === 'properties').flatMap((one) => one.children);
  const cases = children.filter(({ name }) => name === 'testcase').map(readCase);
  const counts = [
    cases.length,
    ...(['failure', 'error', 'skipped'] as const).map(
      (result) => cases.filter((one) => one.result === result).length,
    ),
  ];
  const said = ['tests', 'failures', 'errors', 'skipped'].map((name) => Number(attributes[name]));
  if (counts.join() !== said.join()) throw new Error(`it says ${said.join()} and has ${counts.join()}`);
  return {
    attributes,
    properties: Object.fromEntries(
      properties.map((one) => [one.attributes['name'], one.attributes['value']]),
    ),
    cases,
    systemOut: children.find(({ name }) => name === 'system-out')?.text ?? '',
  };
}

function readCase({ attributes, children: [outcome] }: Element): ParsedCase {
  const { classname = '', name = '' } = attributes;
  const result = (outcome?.name ?? 'passed') as ParsedCase['result'];
  const { type, message } = outcome?.attributes ?? {};
  return { classname, name, result, type, message, text: outcome?.text ?? '' };
}
