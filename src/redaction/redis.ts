// Writes a Redis command as a statement: its name and its keys. Every other argument is `?`.
//
// What is shown is listed here, and everything else is masked. An argument of a command that is not in these tables
// may be a password, and so may one of `AUTH`, `HELLO`, `ACL`, `CONFIG SET` and `MIGRATE`.

/** The statement of a Redis command: `SET user:1 ?`. */
export interface RedisStatement {
  readonly text: string;
  /** The arguments that are masked in the text; undefined if they may be credentials. */
  readonly params: readonly unknown[] | undefined;
  /** The text holds no values. */
  readonly isMasked: true;
}

/**
 * Where the keys of commands are, as Redis's own `COMMAND` tells it: the first key, the last one (from the end if it
 * is negative) and the step from one to the next; the first argument is 1. In `numbered`, one argument says how many
 * keys follow.
 */
const ranges: Readonly<Record<string, string>> = {
  '1 1 1': `append arcount ardel ardelrange arget argetrange argrep arinfo arinsert arlastitems arlen armget armset
    arnext arop arring arscan arseek arset bitcount bitfield bitfield_ro bitpos decr decrby delex digest dump expire
    expireat expiretime geoadd geodist geohash geopos georadius georadius_ro georadiusbymember georadiusbymember_ro
    geosearch get getbit getdel getex getrange getset hdel hexists hexpire hexpireat hexpiretime hget hgetall hgetdel
    hgetex hincrby hincrbyfloat hkeys hlen hmget hmset hpersist hpexpire hpexpireat hpexpiretime hpttl hrandfield
    hscan hset hsetex hsetnx hstrlen httl hvals incr incrby incrbyfloat increx lindex linsert llen lpop lpos lpush
    lpushx lrange lrem lset ltrim move persist pexpire pexpireat pexpiretime pfadd psetex pttl restore
    restore-asking rpop rpush rpushx sadd scard set setbit setex setnx setrange sismember smembers smismember sort
    sort_ro spop srandmember srem sscan strlen substr ttl type vadd vcard vdim vemb vgetattr vinfo vismember vlinks
    vrandmember vrange vrem vsetattr vsim xack xackdel xadd xautoclaim xcfgset xclaim xdel xdelex xidmprecord xlen
    xnack xpending xrange xrevrange xsetid xtrim zadd zcard zcount zincrby zlexcount zmscore zpopmax zpopmin
    zrandmember zrange zrangebylex zrangebyscore zrank zrem zremrangebylex zremrangebyrank zremrangebyscore zrevrange
    zrevrangebylex zrevrangebyscore zrevrank zscan zscore
    json.arrappend json.arrindex json.arrinsert json.arrlen json.arrpop json.arrtrim json.clear json.del json.forget
    json.get json.merge json.numincrby json.nummultby json.objkeys json.objlen json.resp json.set json.strappend
    json.strlen json.toggle json.type
    bf.add bf.card bf.exists bf.info bf.insert bf.madd bf.mexists bf.reserve cf.add cf.addnx cf.count cf.del cf.exists
    cf.info cf.insert cf.insertnx cf.mexists cf.reserve cms.incrby cms.info cms.initbydim cms.initbyprob cms.query
    topk.add topk.incrby topk.info topk.list topk.query topk.reserve
    tdigest.add tdigest.cdf tdigest.create tdigest.info tdigest.max tdigest.min tdigest.quantile tdigest.reset
    ts.add ts.alter ts.create ts.decrby ts.del ts.get ts.incrby ts.info ts.range ts.revrange
    publish spublish`,
  '1 2 1': `blmove blmovem brpoplpush copy geosearchstore lcs lmove lmovem rename renamenx rpoplpush smove
    zrangestore ts.createrule ts.deleterule`,
  '1 -1 1': `del exists mget pfcount pfmerge sdiff sdiffstore sinter sinterstore sunion sunionstore touch unlink watch
    subscribe unsubscribe psubscribe punsubscribe ssubscribe sunsubscribe`,
  '1 -2 1': 'blpop brpop bzpopmax bzpopmin json.mget',
  '1 -1 2': 'mset msetnx',
  '1 -1 3': 'json.mset ts.madd',
  '2 -1 1': 'bitop',
  '2 2 1': 'memory object pfdebug xgroup xinfo',
};
const numbered: Readonly<Record<string, string>> = {
  '1 1': 'lmpop sdiffcard sintercard sunioncard zdiff zinter zintercard zmpop zunion',
  '1 2': 'msetex',
  '2 1': 'blmpop bzmpop eval eval_ro evalsha evalsha_ro fcall fcall_ro zdiffstore zinterstore zunionstore',
};
/** The keys of these stand behind `STREAMS`, from this argument on, followed by as many ids. */
const streams: Readonly<Record<string, number>> = { xread: 1, xreadgroup: 4 };
/** The key of this one stands among credentials. */
const beside: Readonly<Record<string, string>> = { '3 3 1': 'migrate' };
/** The first argument of these is the name of a script or a function, or a key beside the numbered ones. */
const named = 'evalsha evalsha_ro fcall fcall_ro zdiffstore zinterstore zunionstore';

/** The commands whose first argument is the name of another command. */
const inner: Readonly<Record<string, string>> = {
  acl: 'cat deluser dryrun genpass getuser help list load log save setuser users whoami',
  client: `caching getname getredir help id info kill list no-evict no-touch pause reply setinfo setname tracking
    trackinginfo unblock unpause`,
  cluster: `addslots addslotsrange bumpepoch count-failure-reports countkeysinslot delslots delslotsrange failover
    flushslots forget getkeysinslot help info keyslot links meet migration myid myshardid nodes replicas replicate
    reset saveconfig set-config-epoch setslot shards slaves slot-stats slots`,
  command: 'count docs getkeys getkeysandflags help info list',
  config: 'get help resetstat rewrite set',
  function: 'delete dump flush help kill list load restore stats',
  latency: 'doctor graph help histogram history latest reset',
  memory: 'doctor help malloc-stats purge stats usage',
  module: 'help list load loadex unload',
  object: 'encoding freq help idletime refcount',
  pubsub: 'channels help numpat numsub shardchannels shardnumsub',
  script: 'debug exists flush help kill load',
  slowlog: 'get help len reset',
  xgroup: 'create createconsumer delconsumer destroy help setid',
  xinfo: 'consumers groups help stream',
};

/** Which arguments are keys. */
interface Keys {
  readonly first: number;
  /** From the end if it is negative. */
  readonly last: number;
  readonly step: number;
}

/** The shape of a command. */
interface Known {
  readonly keys: Keys;
  /** The argument that says how many keys follow; 0 if none does. */
  readonly count: number;
  /** The first argument that may be `STREAMS`; 0 if none is. */
  readonly streams: number;
  /** Its first argument is a name. */
  readonly isNamed: boolean;
  /** Its arguments are no credentials. */
  readonly isHarmless: boolean;
}

const words = (list: string): readonly string[] => list.split(/\s+/);
const noKeys: Keys = { first: 1, last: 0, step: 1 };
const unknown: Known = { keys: noKeys, count: 0, streams: 0, isNamed: false, isHarmless: false };

/** The tables by the commands' names; made when the first statement is written. */
let tables: ReturnType<typeof makeTables> | undefined;

function makeTables() {
  const commands = new Map<string, Known>();
  const add = (list: string, its: Partial<Known>): void => {
    for (const name of words(list)) {
      commands.set(name, { ...unknown, isHarmless: true, ...commands.get(name), ...its });
    }
  };
  for (const [range, list] of [...Object.entries(ranges), ...Object.entries(beside)]) {
    const [first = 1, last = 0, step = 1] = range.split(' ').map(Number);
    add(list, { keys: { first, last, step } });
  }
  for (const [numbers, list] of Object.entries(numbered)) {
    const [count = 1, step = 1] = numbers.split(' ').map(Number);
    add(list, { count, keys: { ...noKeys, step } });
  }
  for (const [name, from] of Object.entries(streams)) add(name, { streams: from });
  add(named, { isNamed: true });
  for (const list of Object.values(beside)) add(list, { isHarmless: false });
  const innerNames = new Map(Object.entries(inner).map(([name, list]) => [name, new Set(words(list))]));
  return { commands, innerNames } as const;
}

// A statement is cut as one of SQL is.
const maxLength = 16 * 1024;
const maxKeyLength = 1024;

/**
 * Gives the statement of a command.
 *
 * @param from the index of the first argument in the list
 */
export function redisStatement(name: string, args: readonly unknown[], from = 0): RedisStatement {
  tables ??= makeTables();
  const lower = name.toLowerCase();
  const its = tables.commands.get(lower) ?? unknown;
  const isShown = shownBy(its, tables.innerNames.get(lower), args, from);
  const params: unknown[] = [];
  let text = name.toUpperCase();
  for (let i = from; i < args.length; i++) {
    if (text.length > maxLength) {
      text += ` … (${args.length - from} arguments)`;
      break;
    }
    const shown = isShown(i - from + 1) ? wordOf(args[i]) : undefined;
    text += ` ${shown ?? '?'}`;
    if (shown === undefined) params.push(args[i]);
  }
  return { text, params: its.isHarmless ? params : undefined, isMasked: true };
}

/** Tells which arguments are shown, by their positions; the first one is 1. */
function shownBy(
  its: Known,
  innerNames: ReadonlySet<string> | undefined,
  args: readonly unknown[],
  from: number,
): (position: number) => boolean {
  const total = args.length - from;
  const at = (position: number): string | undefined => wordOf(args[from + position - 1]);
  const isInner = innerNames?.has(at(1)?.toLowerCase() ?? '') === true;
  // Nothing is known of the arguments of an inner command that does not exist.
  if (innerNames !== undefined && !isInner) return () => false;
  const { first, last, step } = keysOf(its, total, at);
  const until = last < 0 ? total + 1 + last : last;
  const isNumbered = its.count > 0 && first > its.count;
  return (position) =>
    (position >= first && position <= until && (position - first) % step === 0) ||
    (position === 1 && (isInner || its.isNamed)) ||
    (position === its.count && isNumbered);
}

function keysOf(its: Known, total: number, at: (position: number) => string | undefined): Keys {
  const { keys, count } = its;
  if (count > 0) {
    const last = count + Number(at(count)) * keys.step;
    // The server refuses a number that is none, or too large.
    const isRight = Number.isInteger(last) && last >= count && last <= total;
    return isRight ? { first: count + 1, last, step: keys.step } : noKeys;
  }
  if (its.streams === 0) return keys;
  // Only a few options stand before it.
  for (let i = its.streams; i <= Math.min(total, its.streams + 8); i++) {
    if (at(i)?.toLowerCase() === 'streams') return { first: i + 1, last: i + (total - i) / 2, step: 1 };
  }
  return noKeys;
}

/** An argument as it is shown; undefined for what is no text. */
function wordOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  const isBytes = value instanceof Uint8Array;
  if (typeof value !== 'string' && !isBytes) return undefined;
  const start = isBytes
    ? Buffer.from(value.buffer, value.byteOffset, Math.min(value.length, maxKeyLength)).toString()
    : value.slice(0, maxKeyLength);
  const text = value.length > maxKeyLength ? `${start}…` : start;
  const quoted = JSON.stringify(text);
  // Some texts would look like several words, like none, or like a masked value.
  const isClear = quoted.length === text.length + 2 && !/^\??$|\s/.test(text);
  return isClear ? text : quoted;
}
