import { node } from '../../instrumentations/targets.js';
import { type Api, type Exception, apis } from './suite.js';

/** All tests run on the first version, and these on the newest of each later major. */
const majors = [Number(node.from.split('.')[0]), ...node.majors];

const done = '✓';

/** All cases of the parity suite by API, with the major versions of Node on which they are compared. */
export function parityPage(
  table: (header: readonly string[], rows: readonly (readonly string[])[]) => string,
): string {
  const all = apis();
  const count = all.reduce((sum, { cases, ends }) => sum + cases.length + ends.length, 0);
  const exceptions = all.reduce((sum, { except }) => sum + Object.keys(except).length, 0);
  const head = `${count} cases in ${all.length} files; ${exceptions} of them are left out somewhere.\n`;
  return [head, ...all.map((api) => section(api, table))].join('\n');
}

function section(api: Api, table: Parameters<typeof parityPage>[0]): string {
  const rows = [...api.cases, ...api.ends].map((name) => {
    const exception = api.except[name];
    const cells = majors.map((major) => cell(exception, major));
    return [name + (api.ends.includes(name) ? ' (ends its process)' : ''), ...cells, reason(exception)];
  });
  const header = ['case', ...majors.map((major) => `Node ${major}`), ''];
  return `## ${api.title}\n\n\`test/parity/${api.file}\`\n\n${table(header, rows)}`;
}

function cell(exception: Exception | undefined, major: number): string {
  if (exception === undefined || exception.nodes?.includes(major) === false) return done;
  return exception.variants === undefined ? 'left out' : `but ${exception.variants.join(', ')}`;
}

const reason = (exception: Exception | undefined): string => exception?.because ?? '';
