// The environment variables that the stores' client libraries read. Without them, a connection string that works
// for a command would not work for the service. Variables that Node reads are not among them, because they would
// change how the exporter's thread runs.
const names: readonly string[] = [
  // pg, and pgpass for pg: used for what the connection string does not say.
  'PGHOST',
  'PGPORT',
  'PGUSER',
  'PGPASSWORD',
  'PGDATABASE',
  'PGPASSFILE',
  'PGPASS_NO_DEESCAPE',
  'PGSSLMODE',
  'PGSSLROOTCERT',
  'PGSSLCERT',
  'PGSSLKEY',
  'PGOPTIONS',
  'PGAPPNAME',
  'PGCLIENTENCODING',
  'PGCONNECT_TIMEOUT',
  'USER',
  'USERNAME',
  'HOME',
  'APPDATA',
  'USERPROFILE',
  // mongodb: accounts of clouds.
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'AWS_REGION',
  'AWS_PROFILE',
  'AWS_CONFIG_FILE',
  'AWS_SHARED_CREDENTIALS_FILE',
  'AWS_ROLE_ARN',
  'AWS_ROLE_SESSION_NAME',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_STS_REGIONAL_ENDPOINTS',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  'AWS_CONTAINER_AUTHORIZATION_TOKEN',
  'AZURE_FEDERATED_TOKEN_FILE',
  'OIDC_TOKEN_FILE',
  // mysql2: the time zone of dates.
  'TZ',
];

/** The part of an environment that the exporter's thread is given. */
export function clientEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const given: Record<string, string> = {};
  for (const name of names) {
    const value = env[name];
    if (value !== undefined) given[name] = value;
  }
  return given;
}
