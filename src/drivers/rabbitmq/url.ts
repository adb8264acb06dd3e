// Reads the URLs of RabbitMQ's brokers.
import { endsEarly } from '../connection-mask.js';
import { schemeOf } from '../connection-string.js';
import { decoded } from '../decoded.js';
import { DriverError } from '../driver.js';
import { type TlsFiles, tlsFiles } from '../tls-files.js';

/** One of a broker's nodes, and who we are there. */
export interface Node {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly password: string;
}

/** A broker of AMQP 0-9-1. */
export interface Broker {
  /** To be tried in turn. */
  readonly nodes: readonly Node[];
  readonly vhost: string;
  /** Undefined without TLS. */
  readonly tls: TlsFiles | undefined;
}

/** The schemes of a broker; `rabbit` is oslo.messaging's, the others are RabbitMQ's own. */
export const amqpSchemes = ['rabbit', 'amqp', 'amqps'] as const;

const form = 'rabbit://user:password@host:5672/vhost, with more nodes as ,user:password@host:port';

/**
 * Reads a broker's URL: one of RabbitMQ's, or a transport URL of oslo.messaging, which may name several
 * nodes. TLS is on by `amqps` or `ssl=1`, as oslo.messaging spells it; the files' names are those of either.
 *
 * @throws DriverError when it is no such URL; its text is not in the message, for it holds a password
 */
export function parseBroker(url: string): Broker {
  const scheme = schemeOf(url);
  if (!(amqpSchemes as readonly string[]).includes(scheme)) {
    throw new DriverError(`the broker's URL starts with "${scheme}:"; expected ${form}`, { isCertain: true });
  }
  if (endsEarly(url)) throw invalid('has a "/" or "?" in its user or password; write %2F or %3F for it');
  const [, authority = '', path = '', query] =
    /^[^:]+:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?/.exec(url) ?? [];
  const parameters = new URLSearchParams(query);
  const isSecure = scheme === 'amqps' || /^(1|true|yes|on)$/i.test(parameters.get('ssl') ?? '');
  const texts = authority.split(',').filter((node) => node !== '');
  const firstUser = texts.findIndex((node) => node.includes('@'));
  if (firstUser > 0)
    throw invalid('has a "," in its user or password, or a user for some nodes only; write %2C for it');
  const nodes = texts.map((node) => parseNode(node, isSecure ? 5671 : 5672));
  if (nodes.length === 0) throw invalid('names no host');
  return { nodes, vhost: decoded(path, notEncoded) || '/', tls: isSecure ? filesOf(parameters) : undefined };
}

function parseNode(text: string, defaultPort: number): Node {
  const at = text.lastIndexOf('@');
  const [, bracketed, plain = '', port] =
    /^(?:\[([\da-f:.]+)\]|([^:[\]]+))(?::(\d{0,5}))?$/i.exec(text.slice(at + 1)) ?? [];
  const hostname = bracketed ?? plain;
  if (hostname === '') throw invalid('has a host or a port that is not valid');
  // The first colon: a password may have more of them.
  const [, username = 'guest', password = 'guest'] =
    at === -1 ? [] : (/^([^:]*)(?::(.*))?$/s.exec(text.slice(0, at)) ?? []);
  return {
    hostname,
    port: Number(port) || defaultPort,
    username: decoded(username, notEncoded),
    password: decoded(password, notEncoded),
  };
}

function notEncoded(): DriverError {
  return invalid('has a % that starts no percent-encoding; write %25 for it');
}

/** By oslo.messaging's names, or RabbitMQ's. */
function filesOf(parameters: URLSearchParams): TlsFiles {
  const names = {
    ca: ['ssl_ca_file', 'cacertfile'],
    cert: ['ssl_cert_file', 'certfile'],
    key: ['ssl_key_file', 'keyfile'],
  };
  return tlsFiles(parameters, names, "the broker's URL");
}

function invalid(what: string): DriverError {
  return new DriverError(`the broker's URL ${what}; expected ${form}`, { isCertain: true });
}
