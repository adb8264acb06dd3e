// A job of the shop's queue, in a thread of its pool: writes the invoice of an order.
import { Pool } from 'pg';

const orders = new Pool({ connectionString: process.env.POSTGRESQL_URL, max: 1 });

export default async function invoice({ id }) {
  const { rows } = await orders.query('select sum(quantity)::int parts from items where order_id = $1', [id]);
  return `invoice ${id}: ${rows[0].parts} parts`;
}
