// Makes the tables of a tenant, and notes each step.
import express from 'express';
import pg from 'pg';

import { serve } from '../serve.mjs';

const pool = new pg.Pool();
const app = express();
let tenants = 0;

app.post('/tenants', async (request, response) => {
  const client = await pool.connect();
  const schema = `tenant_${process.pid}_${++tenants}`;
  await client.query('begin');
  await client.query(`create schema ${schema}`);
  for (const table of ['orders', 'items', 'notes', 'files', 'users', 'rights', 'teams', 'tags']) {
    await client.query(`create table ${schema}.${table} (id int primary key, name text)`);
    await client.query('insert into migrations (name) values ($1)', [`${schema}.${table}`]);
  }
  await client.query('commit');
  client.release();
  response.json({ schema });
});

serve(app);
