// The systems that points call: whose database, which broker, which host. The map of services has a box for each.
import type { Span } from '../analysis/span.js';
import { textFact } from '../facts.js';
import { clean, cut } from '../format.js';

const maxPeerColumns = 80;

/** `postgresql 10.2.0.7:5432/shop`, `relay:1080`, `amqp`; '' for a point that calls nobody, or does not say whom. */
export function peerOf({ point: { name, startInfo } }: Span): string {
  return cut(clean(nameOf(name, startInfo)), maxPeerColumns);
}

function nameOf(name: string, info: Span['point']['startInfo']): string {
  switch (name) {
    case 'http':
    case 'https':
      return address(textFact(info, 'requests', 'hostname'), textFact(info, 'requests', 'port'));
    case 'db': {
      const host = address(textFact(info, 'db', 'host'), textFact(info, 'db', 'port'));
      const base = textFact(info, 'db', 'name');
      return `${textFact(info, 'db', 'system')} ${host}${base === '' ? '' : `/${base}`}`.trim();
    }
    case 'rpc': {
      const kind = textFact(info, 'rpc', 'kind');
      if (kind === 'server' || kind === 'consumer') return '';
      const callee = kind === 'producer' ? '' : textFact(info, 'rpc', 'service');
      return callee || textFact(info, 'rpc', 'system');
    }
    default:
      return '';
  }
}

const address = (host: string, port: string): string => (port === '' ? host : `${host}:${port}`);
