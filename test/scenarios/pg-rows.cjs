// Asks PostgreSQL in each way that gives, changes or counts rows; prints what came back. Each way is a point of
// its own, named for how many rows are to be counted.
const { profiler } = require('ostrace');

module.exports = async function rows(pg) {
  const Cursor = require('pg-cursor');
  const QueryStream = require('pg-query-stream');
  const copy = require('pg-copy-streams');
  const results = [];
  const client = new pg.Client();
  await client.connect();
  const pool = new pg.Pool({ max: 1 });
  const way = async (name, body) => {
    results.push([name, await profiler.trace(name, body)]);
  };
  const ten = 'select generate_series(1, 10) as n';

  await way('cursor 10', async () => {
    const cursor = client.query(new Cursor(ten));
    const counts = [];
    for (let read = await cursor.read(4); read.length > 0; read = await cursor.read(4))
      counts.push(read.length);
    return counts;
  });
  await way('cursor with callbacks 10', async () => {
    const cursor = client.query(new Cursor(ten, [], { rowMode: 'array' }));
    const read = (count) =>
      new Promise((resolve, reject) =>
        cursor.read(count, (error, got) => (error ? reject(error) : resolve(got))),
      );
    const counts = [(await read(7)).length, (await read(7)).length];
    await new Promise((resolve) => cursor.close(resolve));
    return counts;
  });
  await way('cursor closed early 4', async () => {
    const cursor = client.query(new Cursor(ten));
    const { length } = await cursor.read(4);
    await cursor.close();
    return length;
  });
  await way('cursor that changes 3', async () => {
    await client.query('create temporary table changed (n int)');
    const cursor = client.query(new Cursor('insert into changed values (1), (2), (3) returning n'));
    return (await cursor.read(100)).length;
  });
  await way('stream 500', async () => {
    const stream = client.query(
      new QueryStream('select generate_series(1, 500) as n', [], { batchSize: 100 }),
    );
    let count = 0;
    for await (const _row of stream) count++;
    return count;
  });
  await way('stream that is left', async () => {
    const stream = client.query(
      new QueryStream('select generate_series(1, 500) as n', [], { batchSize: 100 }),
    );
    for await (const { n } of stream) if (n === 5) break;
    return 'left';
  });
  await way(
    'pages 5',
    async () => (await client.query({ text: 'select generate_series(1, 5) as n', rows: 2 })).rows.length,
  );
  await way('query object with pages 5', () => {
    const query = client.query(new pg.Query({ text: 'select generate_series(1, 5) as n', rows: 2 }));
    let count = 0;
    return new Promise((resolve, reject) =>
      query
        .on('row', () => count++)
        .on('error', reject)
        .on('end', () => resolve(count)),
    );
  });
  await way('query object 7', () => {
    const query = client.query(new pg.Query('select generate_series(1, 3); select generate_series(1, 4)'));
    let count = 0;
    return new Promise((resolve, reject) =>
      query
        .on('row', () => count++)
        .on('error', reject)
        .on('end', () => resolve(count)),
    );
  });
  await way('several statements 5', async () =>
    (await client.query('select generate_series(1, 3); select 1; insert into changed values (1)')).map(
      (each) => each.rowCount,
    ),
  );
  await way('a transaction in one text 2', async () =>
    (await client.query('begin; select generate_series(1, 2); commit')).map((each) => each.rowCount),
  );
  await way('a transaction that counts nothing', async () =>
    (await client.query('begin; set local work_mem to 1024; commit')).map((each) => each.rowCount),
  );
  const several = async (text) => (await client.query(text)).map((each) => each.rowCount);
  const one = async (text, asker = client) => (await asker.query(text)).rowCount;
  const submitted = (text) =>
    new Promise((resolve, reject) => client.query(new pg.Query(text)).on('error', reject).on('end', resolve));
  await client.query('create temporary table undone (n int primary key)');
  await way('rolled back', () => several('begin; insert into undone values (1), (2); rollback'));
  await way('rolled back in a pool', async () =>
    (await pool.query('create temporary table u (n int); begin; insert into u values (1); abort')).map(
      (each) => each.rowCount,
    ),
  );
  await way('rolled back in part', () =>
    several(
      'begin; insert into undone values (1); savepoint s; insert into undone values (2); rollback to s; commit',
    ),
  );
  await way('rolled back beside rows', () =>
    several('begin; insert into undone values (7); select 1; rollback; select 2'),
  );
  await way('rolled back as a query object', () =>
    submitted('begin; delete from undone; select 1; rollback'),
  );
  await way('changes after a rollback 2', () => several('rollback; insert into undone values (3), (4)'));
  await way('changes beside nothing rolled back 2', () =>
    several('begin; delete from undone where false; rollback; insert into undone values (5), (6)'),
  );
  await way('rows that came before a rollback 3', () =>
    several('begin; select generate_series(1, 3); rollback'),
  );
  await way('rows of a query object before a rollback 3', () =>
    submitted('begin; select generate_series(1, 3); rollback'),
  );
  await client.query('begin; declare k scroll cursor for select generate_series(1, 9)');
  await way('fetch 2', () => one('fetch 2 from k'));
  await way('move', () => one('move 3 from k'));
  await way('move and fetch 1', () => several('move 2 from k; fetch 1 from k'));
  await way('move by a query object', () => submitted('move backward 2 from k'));
  await way('move by a cursor', async () => (await client.query(new Cursor('move 1 from k')).read(5)).length);
  await client.query('commit');
  await way('insert that meets a row 1', () =>
    one('insert into undone values (3) on conflict (n) do update set n = 8'),
  );
  await way('insert that leaves a row 0', () => one('insert into undone values (4) on conflict do nothing'));
  await way('select into 2', () => one('select generate_series(1, 2) as n into temporary made'));
  await way('explain 1', () => one('explain select 1'));
  await way('set', async () => (await client.query('set search_path to public')).rowCount);
  await way('several in a pool 3', async () =>
    (await pool.query('select generate_series(1, 2); select 1')).map((each) => each.rowCount),
  );
  await way(
    'lists 2',
    async () => (await client.query({ text: 'select 1, 2 union select 3, 4', rowMode: 'array' })).rows,
  );
  await way(
    'update with returning 4',
    async () => (await client.query('update changed set n = n + 1 returning n')).rows.length,
  );
  await way('delete 4', async () => (await client.query('delete from changed')).rowCount);
  await way('nothing found 0', async () => (await client.query('select 1 where false')).rowCount);
  await way('empty', async () => (await client.query('')).rowCount);
  await way('call', async () => {
    await pool.query(
      "create or replace procedure ostrace_rows(inout n int) language plpgsql as 'begin n := n + 1; end'",
    );
    return 'made';
  });
  await way('call 1', async () => (await client.query('call ostrace_rows(1)')).rows);
  await way('copy in 3', async () => {
    const stream = client.query(copy.from('copy changed from stdin'));
    const done = new Promise((resolve, reject) => stream.on('finish', resolve).on('error', reject));
    stream.end('1\n2\n3\n');
    await done;
    return stream.rowCount;
  });
  await way('copy out 3', async () => {
    const stream = client.query(copy.to('copy changed to stdout'));
    let text = '';
    for await (const chunk of stream) text += chunk;
    // The command's end comes behind that of the data.
    await client.query('set search_path to public');
    return text;
  });
  await client.query('drop procedure ostrace_rows');
  await client.end();
  await pool.end();
  console.log(JSON.stringify(results));
};

if (require.main === module) module.exports(require('pg'));
