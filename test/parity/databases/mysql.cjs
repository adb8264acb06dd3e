// What the files of cases about mysql2 share.
const looks = require('./looks.cjs');

const options = Object.freeze({
  host: process.env.MYSQL_HOST,
  port: Number(process.env.MYSQL_PORT),
  user: process.env.MYSQL_USER,
  password: process.env.MYSQL_PASSWORD,
  database: process.env.MYSQL_DATABASE,
});

/** A value as mysql2 gives it, without packets and connections, which differ from run to run. */
function shown(value) {
  if (Array.isArray(value)) return value.map(shown);
  switch (value?.constructor?.name) {
    case 'ColumnDefinition':
      return { column: value.name, type: value.columnType, flags: value.flags };
    case 'PreparedStatementInfo':
      return { keys: Object.keys(value), query: value.query, columns: shown(value.columns) };
    case 'PromisePreparedStatementInfo':
      return { keys: Object.keys(value), statement: shown(value.statement) };
    case 'Handshake':
      return { handshake: Object.keys(value), protocol: value.protocolVersion };
    case 'Connection':
    case 'PoolConnection':
    case 'PromiseConnection':
    case 'PromisePoolConnection':
      return value.constructor.name;
    default:
      return value;
  }
}

/** `looks.told`, with values as `shown` shows them. */
const told = (seen, label, call) => looks.told((what, sight) => seen(what, visible(sight)), label, call);
const visible = (sight) => (Array.isArray(sight?.args) ? { ...sight, args: shown(sight.args) } : sight);

/** `looks.settled`, with values as `shown` shows them. */
const settled = (seen, label, promise) =>
  looks.settled((what, sight) => seen(what, shown(sight)), label, promise);

/** Records the events of an emitter of mysql2's. */
function watch(seen, label, emitter, events) {
  for (const event of events) {
    emitter.on(event, function (...args) {
      seen(`${label}: ${event}`, { self: this === emitter, store: looks.own.getStore(), args: shown(args) });
    });
  }
}

/** Runs a body with a connection. */
async function withConnection(body, more) {
  const mysql = require('mysql2');
  const connection = mysql.createConnection({ ...options, ...more });
  await new Promise((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())));
  try {
    await body(connection, mysql);
  } finally {
    connection.end();
  }
}

module.exports = { options, shown, told, settled, watch, withConnection };
