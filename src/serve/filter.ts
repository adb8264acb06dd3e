// The filter of the list: conditions such as `route:/orders status:5xx -service:mailer`, and free text.
import { durationFrom, pathTest, statusTest } from '../report/conditions.js';
import type { ListRow } from '../report/page/list-types.js';
import { Refusal } from './answer.js';

type Test = (row: ListRow) => boolean;

const holds = (text: string, wanted: string): boolean => text.toLowerCase().includes(wanted);

/** The conditions by their names. A value is in lower case. */
const conditions: Readonly<Record<string, (value: string) => Test | undefined>> = {
  route: (value) => {
    const matches = pathTest(value);
    return ({ route }) => matches(route.toLowerCase());
  },
  service:
    (value) =>
    ({ services }) =>
      services.some((name) => holds(name, value)),
  method:
    (value) =>
    ({ method }) =>
      method?.toLowerCase() === value,
  finding:
    (value) =>
    ({ finding }) =>
      finding !== undefined &&
      finding !== null &&
      (holds(finding.kind, value) || holds(finding.sentence, value)),
  status: (value) => {
    const matches = statusTest(value);
    return matches && (({ status }) => matches(String(status)));
  },
  error: (value) => {
    if (value !== 'yes' && value !== 'no') return undefined;
    return ({ errors, unfinished }) => errors + unfinished > 0 === (value === 'yes');
  },
  duration: (value) => {
    const [, sign, orEqual, amount = ''] = /^([<>])(=?)(.+)$/.exec(value) ?? [];
    const micros = sign === undefined ? undefined : durationFrom(amount);
    if (micros === undefined) return undefined;
    return ({ duration }) =>
      duration === micros ? orEqual === '=' : sign === '<' ? duration < micros : duration > micros;
  },
};

const expected: Readonly<Record<string, string>> = {
  status: 'statuses such as 404 or 5xx',
  error: 'yes or no',
  duration: 'a time such as >500 (milliseconds), >1.5s or <20ms',
};

const mostConditions = 50;

/**
 * Reads a filter: words with blanks between them, of which all have to be true. A word may have blanks in double quotes.
 *
 * @returns undefined if every trace is wanted
 * @throws Refusal if a condition does not take its value
 */
export function filterFrom(text: string): Test | undefined {
  const words = text.match(/(?:[^\s"]+|"[^"]*"?)+/g) ?? [];
  const tests = words.slice(0, mostConditions).map(testOf);
  return tests.length === 0 ? undefined : (row) => tests.every((test) => test(row));
}

function testOf(word: string): Test {
  const plain = word.replaceAll('"', '');
  const isNegated = plain.startsWith('-') && plain.length > 1;
  const test = positive(isNegated ? plain.slice(1) : plain);
  return isNegated ? (row) => !test(row) : test;
}

function positive(word: string): Test {
  const [, name = '', value = ''] = /^([a-z]+):(.+)$/is.exec(word) ?? [];
  const key = name.toLowerCase();
  if (!Object.hasOwn(conditions, key)) return textTest(word.toLowerCase());
  const test = conditions[key]!(value.toLowerCase());
  if (test !== undefined) return test;
  throw new Refusal(400, `"${word}" is no condition; ${key}: expects ${expected[key]}`);
}

function textTest(wanted: string): Test {
  return ({ base_id, method, route, services, status, finding }) =>
    [`${method ?? ''} ${route}`, base_id, String(status), finding?.sentence ?? '', ...services].some((text) =>
      holds(text, wanted),
    );
}
