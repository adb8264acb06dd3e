// What the files about pg share.

/** Runs a body with a client that is connected. */
async function withClient(body, config) {
  const pg = require('pg');
  const client = new pg.Client(config);
  await client.connect();
  try {
    await body(client, pg);
  } finally {
    await client.end();
  }
}

module.exports = { withClient };
