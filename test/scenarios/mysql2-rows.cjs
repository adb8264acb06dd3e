// Asks MySQL or MariaDB in each way that gives, changes or counts rows; prints what came back. Each way is a point
// of its own, named for how many rows are to be counted.
const { Readable } = require('node:stream');
const { profiler } = require('ostrace');

module.exports = async function rows(mysql, promises) {
  const options = {
    host: process.env.MYSQL_HOST,
    port: Number(process.env.MYSQL_PORT),
    user: process.env.MYSQL_USER,
    password: process.env.MYSQL_PASSWORD,
    database: process.env.MYSQL_DATABASE,
    multipleStatements: true,
  };
  const results = [];
  const way = async (name, body) => {
    results.push([name, await profiler.trace(name, body)]);
  };
  const connection = mysql.createConnection(options);
  const pool = mysql.createPool({ ...options, connectionLimit: 1 });
  const promised = await promises.createConnection(options);
  const by = (owner, method, ...args) =>
    new Promise((resolve, reject) =>
      owner[method](...args, (error, result) => (error ? reject(error) : resolve(result))),
    );
  const query = (...args) => by(connection, 'query', ...args);
  const shown = (result) => JSON.parse(JSON.stringify(result));
  const ten = 'select 1 as n union all select 2 union all select 3';
  const ended = (command) => {
    let count = 0;
    return new Promise((resolve, reject) =>
      command
        .on('result', () => count++)
        .on('error', reject)
        .on('end', () => resolve(count)),
    );
  };

  await query('drop procedure if exists ostrace_rows');
  await query('create temporary table changed (n int, affectedRows int)');
  await query(`create procedure ostrace_rows() begin ${ten}; select 4 as n; end`);
  await way('callback 3', async () => (await query(ten)).length);
  await way('lists 3', async () => query({ sql: ten, rowsAsArray: true }));
  await way('lists of lists 6', async () => query({ sql: `${ten}; ${ten}`, rowsAsArray: true }));
  await way('nested 3', async () => shown(await query({ sql: ten, nestTables: true })));
  await way('cast 3', async () => query({ sql: ten, typeCast: (field) => field.string() }));
  await way('nothing found 0', async () => query('select 1 from changed where false'));
  await way(
    'insert 3',
    async () => (await query('insert into changed values (1, 50), (2, 60), (3, 70)')).affectedRows,
  );
  await way('inserts 2', async () =>
    (await query('insert into changed values (4, 1); insert into changed values (5, 1)')).map(
      (each) => each.affectedRows,
    ),
  );
  await way(
    'both 6',
    async () => (await query('insert into changed values (6, 50); select * from changed where n < 6')).length,
  );
  await way('call 4', async () => (await query('call ostrace_rows()')).length);
  await way('call by a pool 4', async () => (await by(pool, 'query', 'call ostrace_rows()')).length);
  await way('call executed 4', async () => (await by(connection, 'execute', 'call ostrace_rows()')).length);
  await way(
    'call executed by a pool 4',
    async () => (await by(pool, 'execute', 'call ostrace_rows()')).length,
  );
  await way('call by a promise 4', async () => (await promised.query('call ostrace_rows()'))[0].length);
  await way('transaction in one text 3', async () => (await query(`begin; ${ten}; commit`)).length);
  await way('events 3', () => ended(connection.query(ten)));
  await way('events of an update 6', () => ended(connection.query('update changed set affectedRows = 9')));
  await way('events of rows that look like results 6', () =>
    ended(connection.query('select * from changed')),
  );
  await way('events of nothing 0', () => ended(connection.query('select * from changed where n = 99')));
  await way('events of several 9', () => ended(connection.query(`${ten}; ${ten}; ${ten}`)));
  await way('events of a call 4', () => ended(connection.query('call ostrace_rows()')));
  await way('events of a pool 3', () => ended(pool.query(ten)));
  await way('events of execute 3', () => ended(connection.execute(ten)));
  await way('stream 500', async () => {
    const stream = connection.query(`select a.n from ${ones('a', 25)}, ${ones('b', 20)}`).stream();
    let count = 0;
    for await (const _row of stream) count++;
    return count;
  });
  await way('stream that is left 500', async () => {
    const stream = connection.query(`select a.n from ${ones('a', 25)}, ${ones('b', 20)}`).stream();
    for await (const _row of stream) break;
    return query('select 1');
  });
  await query('create temporary table upserted (n int primary key, note varchar(50))');
  const changes = async (text, ...more) => (await query(text, ...more)).affectedRows;
  const all = async (text) => (await query(text)).map((each) => each.affectedRows ?? each.length);
  await way('upserted 2', () =>
    changes("insert into upserted values (1, 'please replace'), (2, 'a; rollback')"),
  );
  await way('on duplicate key', () =>
    changes('insert into upserted values (1, 1) on duplicate key update note = 9'),
  );
  await way('on duplicate key of several', () =>
    changes('INSERT upserted VALUES (1, 3), (9, 3) ON  DUPLICATE\nKEY UPDATE note = 8'),
  );
  await way('replace', () => changes('replace into upserted values (2, 2)'));
  await way('replace with options', () => changes({ sql: '/* now */ Replace upserted set n = 2, note = 3' }));
  await way('replace of what is selected', () => changes('replace into upserted select 2, 5'));
  await way(
    'replace executed',
    async () => (await by(connection, 'execute', 'replace into upserted values (?, ?)', [2, 6])).affectedRows,
  );
  const replacing = await by(connection, 'prepare', 'replace into upserted values (?, ?)');
  await way('replace prepared', async () => (await by(replacing, 'execute', [2, 7])).affectedRows);
  await way('replace prepared by events', () => ended(replacing.execute([2, 8])));
  await way('replace by events', () => ended(connection.query('replace into upserted values (2, 9)')));
  await way(
    'replace by a promise',
    async () =>
      (await promised.query('create temporary table r (n int primary key); replace into r values (1)'))[0]
        .length,
  );
  await way('replace beside rows', () => all('replace into upserted values (2, 9); select 1'));
  await way('replace of nothing 0', () =>
    changes('replace into upserted select 1, 1 from changed where n = 99'),
  );
  await way('text that is replaced 1', () =>
    changes("update upserted set note = replace (note, '9', '1') where n = 2"),
  );
  await way('placeholders 1', () =>
    changes('update upserted set note = ? where n = 2', ['to replace; alter']),
  );
  await way('placeholders of a pool 1', async () => {
    const text = 'create temporary table w (note text); insert into w values (?)';
    return (await by(pool, 'query', text, ["to replace, on 'duplicate key'"])).length;
  });
  await way(
    'rows with the word 1',
    async () => (await query('select * from upserted where n = 2 /* replace */')).length,
  );
  await way('rolled back', () => all('begin; insert into changed values (77, 7); rollback'));
  await way('rolled back by events', () =>
    ended(connection.query('begin; insert into changed values (78, 7); rollback')),
  );
  await way('rows that came before a rollback 3', () => all(`begin; ${ten}; rollback`));
  await way('table made anew', () => changes('alter table upserted add more int, algorithm = copy'));
  await way('index', () => changes('create unique index o on upserted (note, n)'));
  await way('ignored 0', () => changes('insert ignore into upserted values (1, 1, 1)'));
  const statement = await by(connection, 'prepare', ten);
  await way('prepared 3', async () => by(statement, 'execute', []));
  await way('prepared events 3', () => ended(statement.execute([])));
  await way('prepare', async () => typeof (await by(connection, 'prepare', 'select 1')));
  await way('delete 6', async () => (await query('delete from changed')).affectedRows);
  await query('set global local_infile = 1').catch(() => {});
  await way('load 2', async () => {
    const infileStreamFactory = () => Readable.from([Buffer.from('1\t2\n3\t4\n')]);
    const { affectedRows } = await query({
      sql: "load data local infile 'rows' into table changed",
      infileStreamFactory,
    });
    return affectedRows;
  });
  await query('drop procedure ostrace_rows');
  connection.end();
  pool.end();
  await promised.end();
  console.log(JSON.stringify(results));
};

const ones = (name, count) =>
  `(${Array.from({ length: count }, (_, n) => `select ${n} as n`).join(' union all ')}) as ${name}`;

if (require.main === module) module.exports(require('mysql2'), require('mysql2/promise'));
