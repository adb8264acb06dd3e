// PostgreSQL with the shop's data, in the memory of this process; its socket speaks to any client.
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';

const db = await PGlite.create();
await db.exec(`
  create table orders (id int primary key, customer text, city text);
  create table items (order_id int, sku text, quantity int);
  create table shelves (sku text primary key, shelf text);
  insert into orders values (41, 'Grace', 'Madrid'), (42, 'Ada', 'Milan');
  insert into items values (41, 'KETTLE', 1), (42, 'TEAPOT', 1), (42, 'CUP', 6);
  insert into shelves values ('CUP', 'B2'), ('KETTLE', 'C7'), ('TEAPOT', 'A4');
`);
const server = new PGLiteSocketServer({ db, port: 0, maxConnections: 10 });
await server.start();
console.log(`postgresql://postgres@${server.getServerConn()}/postgres?sslmode=disable`);
