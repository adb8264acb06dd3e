// What each setting means, for people: apart from the table of settings, because the agent's start reads that one.
import { type TargetOption, targetHelp } from '../../instrumentations/targets.js';
import type { OptionName } from './options.js';

/** The meaning of each setting. */
export const help: Readonly<Record<OptionName, string>> = {
  enabled: 'Turns the agent on. Off, the preload loads nothing and patches nothing.',
  hmacKeys:
    'The keys that may trigger a trace by a signed header. The key that verified a request also signs the requests that follow from it. Without a key, nobody can trigger a trace by a header.',
  hmacMaxAge:
    'How many seconds a signed header is valid, so that an overheard header cannot be replayed forever. Headers must then say when they were signed. The headers of `ostrace` and of services under it do; the headers of OSProfiler do not, so a service that Python services call must not have this setting. Not set: forever.',
  connectionString:
    'Where traces are stored: `file://` and a folder, absolute or relative to the folder in which the process was started, or another store. Several stores, separated by commas, each get all traces; commands read the first one that can be read.',
  transportUrl: 'The broker for `messaging://`, such as `rabbit://user:password@host:5672/`.',
  filterErrorTrace: 'Also keeps a list of the traces with a failed point, for `trace list --error-trace`.',
  keepFor: 'How long a trace is kept, in files and Redis. Not set: forever.',
  keepSize: 'How much the folder of files may hold; the oldest traces are removed first. Not set: no limit.',
  linger:
    'How many milliseconds a trace still accepts new points after its request was answered. Work that began before is recorded to its end. Work that begins later is not recorded, but counted in the trace.',
  shareWithGroup:
    'Lets the group of the folder of files read and write the traces in it, for services of several users. Not set: only the user can.',
  exitTimeout:
    'How many milliseconds a process that ends waits for the store, at most. Events that are not stored by then are spooled.',
  spool:
    'The folder for events that a store does not accept at the moment. Not set: `ostrace-spool-` and the id of the user, in the folder for temporary files.',
  spoolSize: 'How much the spool of each store may hold. Events that do not fit are lost, and counted.',
  spoolAge: 'How long events may wait in the spool. Older events are removed, and counted as lost.',
  profile:
    'A key. The whole process is one trace, signed with this key. Headers that this key signed trigger traces, as with `OSTRACE_HMAC_KEYS`.',
  traceSql: 'Adds a `sql` point with the statement to each `db` point.',
  traceSqlParams: "Adds the statement's parameters to `sql` points. They may hold secrets.",
  maskSql:
    'Replaces each literal of a recorded statement with `?`, and leaves its comments out, because they may hold secrets.',
  traceCommandArgs: 'Adds the arguments to `command` points. They may hold secrets.',
  traceGc:
    'Adds a `gc` point for each garbage collection, or run of short ones, that took a millisecond or more.',
  osloRead:
    'Also takes a trace from messages of oslo.messaging, which hold a key in clear and no signature: anybody who can read the queue learns the key.',
  osloWrite:
    'Also puts the trace and its key in clear into calls of oslo.messaging that are published in a trace: anybody who can read the queue learns the key.',
  propagateTo:
    'The hosts that may receive signed trace headers: `local` (loopback, private addresses, names without a dot), host names, `*.example.org`, or `*` for all. Every host that can read the headers must be among these, forward proxies too.',
  project: 'The project name in events.',
  service:
    "The service name in events. Give each service its own. Not set: the name of the script, or under pm2 the application's name.",
  host: 'The host name in events. Not set: the name of the machine.',
  debug: 'Reports on stderr what is hooked, what is left alone, and why a trace header is refused.',
  instrumentations:
    'Instrumentations of your own, separated by commas: files, such as `./my-target.js`, and packages.',
  points:
    '[Points by name](points-by-name.md): a file, or JSON. `off`: none. Not set: `ostrace.config.json` or `package.json#ostrace` in the folder in which the process is started.',
  ...(Object.fromEntries(
    Object.entries(targetHelp).map(([option, what]) => [option, `Instruments ${what}.`]),
  ) as Record<TargetOption, string>),
};
