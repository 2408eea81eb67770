// @ts-check
/**
 * Follows streams of the event log over one websocket, and sends what people write.
 *
 * The rule that makes loss visible: an event is applied only if its version is the last one plus
 * one. Older ones are dropped; a gap makes the client ask again from what it has.
 */

const PROTOCOL = "dropstitch.v1.json";
const HEARTBEAT_MS = 25_000;
const PONG_WITHIN_MS = 8_000;
const OPEN_WITHIN_MS = 10_000;
const ACK_WITHIN_MS = 10_000;
const BEHIND_FOR_MS = 1_500;
const LONGEST_WAIT_S = 30;
const STEADY_AFTER_MS = 10_000;

/** Close codes after which trying again cannot help. */
const FINAL = new Map([
  [4401, "signed-out"],
  [4403, "refused"],
  [4400, "outdated"],
  [4426, "outdated"],
]);

/**
 * @typedef {{v: number, id: string, type: string, at: string, actor: any, cid?: string, html?: any, data?: any}} LogEvent
 * @typedef {{
 *   onEvents: (events: LogEvent[], caughtUp: boolean) => void,
 *   onReset?: (frame: any) => void,
 *   onRevoked?: () => void,
 *   onFrame?: (frame: any) => void,
 * }} Reader
 * @typedef {{reader: Reader, last: number, epoch: string, asked: boolean, live: boolean}} Subscription
 * @typedef {{ok: boolean, code?: string, message?: string, retry?: boolean, v?: number, reply?: string}} Reply
 * @typedef {"connecting" | "live" | "reconnecting" | "signed-out" | "refused" | "outdated"} Status
 */

/**
 * Seconds to wait before attempt `n`, with full jitter: anything up to a doubling ceiling.
 * @param {number} attempt from 0
 * @param {number} random between 0 and 1
 */
export function waitBefore(attempt, random) {
  return random * Math.min(LONGEST_WAIT_S, 0.5 * 2 ** attempt);
}

export class FollowLog {
  /** @param {{url?: string, onStatus?: (status: Status, freshAt: number) => void}} [options] */
  constructor({ url, onStatus } = {}) {
    this.url = url ?? `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/v1`;
    this.onStatus = onStatus ?? (() => {});
    /** @type {Map<string, Subscription>} */
    this.streams = new Map();
    /** @type {Map<string, {resolve: (reply: Reply) => void, timer: number}>} */
    this.unanswered = new Map();
    /** @type {WebSocket | null} */
    this.socket = null;
    /** @type {Status} */
    this.status = "connecting";
    this.freshAt = 0;
    this.attempt = 0;
    this.asked = 0;
    this.pings = 0;
    this.timers = { retry: 0, open: 0, pong: 0, beat: 0, steady: 0 };
  }

  /** Connects, and keeps doing so until `stop`. */
  start() {
    for (const name of ["online", "focus", "pageshow"]) addEventListener(name, () => this.wake());
    document.addEventListener("visibilitychange", () => document.hidden || this.wake());
    addEventListener("offline", () => this.drop());
    this.timers.beat = window.setInterval(() => this.ping(), HEARTBEAT_MS);
    this.connect();
  }

  /**
   * Follows a stream from the version that the page already shows.
   * @param {string} stream
   * @param {number} after
   * @param {Reader} reader
   */
  follow(stream, after, reader) {
    this.streams.set(stream, { reader, last: after, epoch: "", asked: false, live: false });
    if (this.status === "live") this.subscribe(stream);
  }

  /** Whether the server has confirmed that a stream is current. @param {string} stream */
  isLive(stream) {
    return this.status === "live" && Boolean(this.streams.get(stream)?.live);
  }

  /**
   * Sends a message or a command and waits until it is durable.
   * @param {"post" | "cmd"} kind
   * @param {string} stream
   * @param {string} cid the same id again is the same message
   * @param {Record<string, any>} body
   * @returns {Promise<Reply>}
   */
  send(kind, stream, cid, body) {
    if (!this.write({ t: kind, cid, stream, ...body })) {
      return Promise.resolve({ ok: false, code: "not_connected", retry: true });
    }
    return new Promise((resolve) => {
      const timer = window.setTimeout(() => this.answer(cid, { ok: false, code: "no_answer", retry: true }), ACK_WITHIN_MS);
      this.unanswered.set(cid, { resolve, timer });
    });
  }

  /** Says something that may be lost, such as “typing”. @param {Record<string, any>} frame */
  say(frame) {
    this.write(frame);
  }

  connect() {
    if (this.socket || FINAL_STATUSES.has(this.status)) return;
    clearTimeout(this.timers.retry);
    const socket = new WebSocket(this.url, PROTOCOL);
    this.socket = socket;
    this.timers.open = window.setTimeout(() => this.drop(), OPEN_WITHIN_MS);
    socket.addEventListener("message", ({ data }) => socket === this.socket && this.receive(JSON.parse(data)));
    socket.addEventListener("close", ({ code }) => socket === this.socket && this.closed(code));
  }

  /** Gives up on the socket at hand: one that is dead may never say so itself. */
  drop() {
    const socket = this.socket;
    if (!socket) return;
    this.closed(1006);
    socket.close();
  }

  /** @param {number} code */
  closed(code) {
    this.socket = null;
    for (const name of /** @type {const} */ (["open", "pong", "steady"])) clearTimeout(this.timers[name]);
    for (const subscription of this.streams.values()) subscription.asked = subscription.live = false;
    for (const cid of [...this.unanswered.keys()]) this.answer(cid, { ok: false, code: "not_connected", retry: true });
    const final = FINAL.get(code);
    if (final) return this.become(/** @type {Status} */ (final));
    this.become("reconnecting");
    const wait = waitBefore(this.attempt, Math.random()) * 1000;
    this.attempt += 1;
    this.timers.retry = window.setTimeout(() => this.connect(), wait);
  }

  /** Something suggests that the world is back: look at once. */
  wake() {
    if (this.socket?.readyState === WebSocket.OPEN) return this.ping();
    this.attempt = 0;
    this.connect();
  }

  ping() {
    if (this.socket?.readyState !== WebSocket.OPEN) return;
    this.pings += 1;
    this.write({ t: "ping", n: this.pings });
    clearTimeout(this.timers.pong);
    this.timers.pong = window.setTimeout(() => this.drop(), PONG_WITHIN_MS);
  }

  /** @param {Record<string, any>} frame @returns {boolean} whether there was a socket to write to */
  write(frame) {
    if (this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  /** @param {any} frame */
  receive(frame) {
    this.freshAt = Date.now();
    const handler = HANDLERS[/** @type {keyof typeof HANDLERS} */ (frame.t)];
    if (handler) handler(this, frame);
    else this.streams.get(frame.stream)?.reader.onFrame?.(frame);
    if (this.status === "live") this.onStatus("live", this.freshAt);
  }

  /** @param {string} stream */
  subscribe(stream) {
    const subscription = this.streams.get(stream);
    if (!subscription) return;
    this.asked += 1;
    subscription.asked = true;
    subscription.live = false;
    const { last: after, epoch } = subscription;
    this.write({ t: "sub", id: this.asked, stream, after, ...(epoch ? { epoch } : {}) });
  }

  /** @param {string} stream @param {LogEvent[]} events */
  apply(stream, events) {
    const subscription = this.streams.get(stream);
    if (!subscription) return;
    const fresh = [];
    for (const event of events) {
      if (event.v <= subscription.last) continue;
      if (event.v > subscription.last + 1) {
        if (!subscription.asked || subscription.live) this.subscribe(stream);
        break;
      }
      subscription.last = event.v;
      fresh.push(event);
    }
    if (fresh.length) subscription.reader.onEvents(fresh, subscription.live);
  }

  /** A heartbeat's heads reveal events whose doorbell was lost. @param {Record<string, number>} heads */
  compare(heads) {
    for (const [stream, head] of Object.entries(heads)) {
      setTimeout(() => {
        const subscription = this.streams.get(stream);
        if (subscription && this.socket && subscription.last < head) this.subscribe(stream);
      }, BEHIND_FOR_MS);
    }
  }

  /** @param {string} cid @param {Reply} reply */
  answer(cid, reply) {
    const waiting = this.unanswered.get(cid);
    if (!waiting) return;
    this.unanswered.delete(cid);
    clearTimeout(waiting.timer);
    waiting.resolve(reply);
  }

  /** @param {Status} status */
  become(status) {
    this.status = status;
    this.onStatus(status, this.freshAt);
  }
}

const FINAL_STATUSES = new Set(FINAL.values());

/** What each frame of the server means. @type {Record<string, (log: FollowLog, frame: any) => void>} */
const HANDLERS = {
  hello(log) {
    clearTimeout(log.timers.open);
    log.timers.steady = window.setTimeout(() => { log.attempt = 0; }, STEADY_AFTER_MS);
    log.become("live");
    for (const stream of log.streams.keys()) log.subscribe(stream);
  },
  "sub.ok"(log, frame) {
    const subscription = log.streams.get(frame.stream);
    if (subscription) subscription.epoch = frame.epoch ?? subscription.epoch;
  },
  ev(log, frame) {
    log.apply(frame.stream, frame.events);
  },
  live(log, frame) {
    const subscription = log.streams.get(frame.stream);
    if (!subscription) return;
    subscription.live = true;
    subscription.last = Math.max(subscription.last, frame.at ?? 0);
    subscription.reader.onFrame?.(frame);
  },
  touch(log, frame) {
    const subscription = log.streams.get(frame.stream);
    if (!subscription) return;
    subscription.last = Math.max(subscription.last, frame.position);
    subscription.reader.onFrame?.(frame);
  },
  ack(log, frame) {
    log.answer(frame.cid, { ok: true, ...frame });
  },
  nack(log, frame) {
    if (frame.cid) log.answer(frame.cid, { ...frame, ok: false });
    else if (frame.code === "forbidden" || frame.code === "not_found") HANDLERS.revoked(log, frame);
  },
  pong(log, frame) {
    clearTimeout(log.timers.pong);
    log.compare(frame.heads ?? {});
  },
  reset(log, frame) {
    const subscription = log.streams.get(frame.stream);
    if (!subscription) return;
    subscription.last = frame.head;
    subscription.epoch = frame.epoch ?? "";
    subscription.reader.onReset?.(frame);
  },
  lag(log, frame) {
    log.subscribe(frame.stream);
  },
  revoked(log, frame) {
    log.streams.get(frame.stream)?.reader.onRevoked?.();
    log.streams.delete(frame.stream);
  },
  drain(log, frame) {
    setTimeout(() => log.drop(), Math.random() * (frame.spread_ms ?? 5_000));
  },
};
