// Sets the clock of a process forward, as that of a host whose clock is wrong. It is loaded before all.
const ahead = Number(process.env.CLOCK_AHEAD_MS);
const HostDate = Date;

globalThis.Date = class Date extends HostDate {
  constructor(...args) {
    if (args.length === 0) super(HostDate.now() + ahead);
    else super(...args);
  }

  static now() {
    return HostDate.now() + ahead;
  }
};
Object.defineProperty(performance, 'timeOrigin', { value: performance.timeOrigin + ahead });
