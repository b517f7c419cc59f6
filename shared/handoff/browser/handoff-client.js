// @ts-check
/** Connects a page to a live agent: follows events, delivers messages, outlives reload and network loss. */

export const VERSION = "1.0.0";

/**
 * @typedef {{id: string, state?: string, url: string, token: string}} Payload
 * @typedef {{id: number, at: string, agent?: {name?: string}}} Happening
 * @typedef {object} Callbacks
 * @property {(event: Happening & {text: string}) => void} [onMessage]
 * @property {(event: Happening & {url: string, name: string, content_type?: string, size?: number}) => void} [onFile]
 * @property {(event: Happening & {text: string}) => void} [onNotice]
 * @property {(event: Happening & {state: string, reason?: string, position?: number, wait_seconds?: number}) => void} [onState]
 *   also with state "lost": the token is refused; the next answer of Dialogflow brings another
 * @property {(event: {typing: boolean, agent?: {name?: string}}) => void} [onTyping]
 * @property {(connection: "connecting" | "open" | "lost" | "closed") => void} [onConnection]
 * @property {(item: {id: string, text: string, name?: string, error: string}) => void} [onUndelivered]
 * @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} Store
 * @typedef {{id: string, sequence?: number}} Receipt
 * @typedef {object} Handle
 * @property {string} id
 * @property {() => string} state the last state heard of
 * @property {(text: string) => Promise<Receipt>} send
 * @property {(file: File) => Promise<Receipt>} sendFile
 * @property {(typing: boolean) => void} typing
 * @property {() => Promise<Receipt>} end the customer leaves
 * @property {() => void} close stops listening; the handoff goes on
 * @typedef {{id: string, text?: string, end?: boolean, file?: File}} Item
 * @typedef {Required<Payload> & {after: number, queue: Item[], since: number}} Entry
 * @typedef {{receipt?: Receipt, error?: string, lost?: boolean}} Outcome
 */

const PREFIX = "handoff:";
const FIRST_BYTE = 5e3;
const SILENCE = 25e3; // the server's heart beats every 10 s
const STALE = 15e3;
const POLLING = 300e3;
const PATIENCE = 60e3;
const UPLOAD = 600e3;
const TYPING = 10e3;
const CALLS = { message: "onMessage", file: "onFile", notice: "onNotice", state: "onState", typing: "onTyping" };

/** @type {Map<string, Chat>} */
const live = new Map();
/** @type {Map<string, number>} where it ended: an answer that was under way meanwhile repeats nothing */
const ended = new Map();

/**
 * Follow a handoff; one that is followed already keeps its callbacks and gets the newer token.
 * @param {Payload} payload
 * @param {Callbacks} [callbacks]
 * @param {Store} [storage]
 * @returns {Handle}
 */
export function connect({ id, url, token, state = "requested" }, callbacks = {}, storage = tabStorage()) {
  const known = live.get(id);
  if (known) {
    Object.assign(known.entry, { url, token });
    known.save();
    return known.handle;
  }
  const { after = ended.get(id) ?? 0, queue = [], since = Date.now() } = read(storage, PREFIX + id);
  return new Chat({ id, url, token, state, after, queue, since }, callbacks, storage).handle;
}

/**
 * Go on with the handoff that this tab followed before a reload; null when there is none.
 * @param {Callbacks} [callbacks]
 * @param {Store} [storage]
 * @returns {Handle | null}
 */
export function resume(callbacks, storage = tabStorage()) {
  const keys = Array.from({ length: storage.length }, (_, n) => storage.key(n) ?? "");
  const entries = keys.filter((key) => key.startsWith(PREFIX)).map((key) => read(storage, key));
  const [entry] = entries.filter((one) => one.token).sort((one, other) => other.since - one.since);
  return entry ? connect(entry, callbacks, storage) : null;
}

class Chat {
  /**
   * @param {Entry} entry
   * @param {Callbacks} callbacks
   * @param {Store} storage
   */
  constructor(entry, callbacks, storage) {
    this.entry = entry;
    this.callbacks = callbacks;
    this.storage = storage;
    this.done = false;
    this.fate = "";
    this.connection = "";
    this.sending = false;
    this.silences = 0;
    this.pollUntil = 0;
    this.heardAt = 0;
    this.typedAt = 0;
    this.listening = new AbortController();
    this.posting = new AbortController();
    this.hearing = new AbortController();
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.agentTypes = undefined;
    /** @type {Set<() => void>} */
    this.sleepers = new Set();
    /** @type {Map<string, {resolve: (receipt: Receipt) => void, reject: (error: Error) => void}>} */
    this.waiting = new Map();
    /** @type {Handle} */
    this.handle = Object.freeze({
      id: entry.id,
      state: () => this.entry.state,
      send: (text) => this.enqueue({ id: newId(), text: `${text}` }),
      sendFile: (file) => this.enqueue({ id: newId(), file }),
      typing: (typing) => this.typing(typing),
      end: () => this.enqueue({ id: newId(), end: true }),
      close: () => this.stop(),
    });
    live.set(entry.id, this);
    for (const name of ["online", "offline", "pageshow", "visibilitychange"]) {
      addEventListener(name, this.wake.bind(this), { signal: this.hearing.signal });
    }
    this.save();
    this.listen();
    this.deliver();
  }

  save() {
    // A file cannot be stored: one that a reload interrupts is not sent.
    const queue = this.entry.queue.filter((item) => !item.file);
    if (!this.done) write(this.storage, { ...this.entry, queue });
  }

  stop() {
    this.done = true;
    live.delete(this.entry.id);
    this.hearing.abort();
    this.listening.abort();
    this.agentTyping(false);
    this.rouse();
  }

  /**
   * End for good, as the handoff did ("closed") or because the token is refused ("lost").
   * @param {string} fate
   */
  finish(fate) {
    this.stop();
    this.fate = fate;
    const { id, after } = this.entry;
    ended.set(id, after);
    // After a refused token the cursor stays: an answer with a new token goes on from here.
    if (fate === "lost") write(this.storage, { id, after });
    else this.storage.removeItem(PREFIX + id);
    if (!this.sending) this.deliver();
  }

  /** @param {string} reason */
  lose(reason) {
    if (this.done) return;
    this.entry.state = "lost";
    this.tell("onState", { id: this.entry.after, at: now(), state: "lost", reason });
    this.finish("lost");
  }

  async listen() {
    for (let failures = 0; !this.done; ) {
      const [began, before] = [Date.now(), this.entry.after];
      this.listening = new AbortController();
      this.connected("connecting");
      const error = await (began < this.pollUntil ? this.poll() : this.stream()).catch((reason) => reason);
      if (this.done) break;
      if (error) this.connected("lost");
      if (this.entry.after > before || Date.now() - began > STALE) failures = 0;
      if (this.silences > 1) {
        this.silences = 1; // one more silence, and the time of polling begins again
        this.pollUntil = Date.now() + POLLING;
      } else if (error !== "woken") {
        await this.pause(failures++, error?.retryAfter);
      }
    }
    this.connected("closed");
  }

  async stream() {
    const parse = parser((event) => this.take(event));
    const decoder = new TextDecoder();
    let watch = this.watch(FIRST_BYTE, 2);
    try {
      const { body } = await this.events("", "text/event-stream");
      const reader = /** @type {ReadableStream<Uint8Array>} */ (body).getReader();
      for (let first = true; !this.done; first = false) {
        const { value, done } = await reader.read();
        if (done) return;
        clearTimeout(watch);
        watch = this.watch(SILENCE, 1);
        if (!first) this.silences = 0;
        this.connected("open");
        parse(decoder.decode(value, { stream: true }));
      }
    } finally {
      clearTimeout(watch);
    }
  }

  async poll() {
    for (let wait = 0; !this.done && Date.now() < this.pollUntil; wait = 25) {
      const asked = Date.now();
      const watch = this.watch(PATIENCE, 0);
      try {
        const { events } = await (await this.events(`&wait=${wait}`, "application/json")).json();
        this.connected("open");
        events.forEach(this.take, this);
        if (wait && !events.length && Date.now() - asked < 1e3) await this.pause(1);
      } finally {
        clearTimeout(watch);
      }
    }
  }

  /**
   * @param {string} query
   * @param {string} accept
   */
  async events(query, accept) {
    const { after, token } = this.entry;
    const { signal } = this.listening;
    const answer = await this.call(`/v1/events?after=${after}${query}`, { headers: { Accept: accept }, signal });
    if (answer.ok) return answer;
    if (answer.status === 409) this.take({ id: after + 1, at: now(), type: "state", state: "closed" });
    else if (final(answer) && token === this.entry.token) this.lose(await code(answer));
    throw { retryAfter: retryAfter(answer) };
  }

  /**
   * Give up listening after a silence, and count it.
   * @param {number} patience
   * @param {number} weight
   */
  watch(patience, weight) {
    const { listening } = this;
    this.heardAt = Date.now();
    return setTimeout(() => {
      this.silences += weight;
      listening.abort("silent");
    }, patience);
  }

  /** @param {Event} event */
  wake({ type }) {
    if (type === "visibilitychange" && document.hidden) return;
    // After sleep or on another network the old connections may hang without an end.
    if (type.endsWith("line") || Date.now() - this.heardAt > STALE) {
      this.listening.abort("woken");
      this.posting.abort();
    }
    this.rouse();
  }

  /** @param {any} event */
  take(event) {
    if (this.done || !(event?.id > this.entry.after)) return;
    this.entry.after = event.id;
    if (event.type === "typing") {
      this.agentTyping(Boolean(event.typing), event.agent);
    } else if (event.type === "state") {
      this.entry.state = event.state;
      this.tell("onState", event);
      if (event.state === "closed" || event.state === "failed") this.finish("closed");
    } else {
      this.agentTyping(false);
      if (event.type in CALLS) this.tell(CALLS[/** @type {"message"} */ (event.type)], event);
    }
    this.save();
  }

  /**
   * @param {boolean} typing
   * @param {{name?: string}} [agent]
   */
  agentTyping(typing, agent) {
    clearTimeout(this.agentTypes);
    if (typing) this.tell("onTyping", { typing, agent });
    else if (this.agentTypes) this.tell("onTyping", { typing });
    this.agentTypes = typing ? setTimeout(() => this.agentTyping(false), TYPING) : undefined;
  }

  /**
   * @param {Item} item
   * @returns {Promise<Receipt>}
   */
  enqueue(item) {
    this.typedAt = 0;
    this.entry.queue.push(item);
    this.save();
    const promise = new Promise((resolve, reject) => this.waiting.set(item.id, { resolve, reject }));
    promise.catch(() => {}); // `onUndelivered` tells too; nobody has to listen here
    this.rouse();
    this.deliver();
    return promise;
  }

  async deliver() {
    if (this.sending) return;
    this.sending = true;
    while (this.entry.queue.length && !this.done) {
      const [item] = this.entry.queue;
      const outcome = await this.post(item);
      if (outcome?.lost) this.lose(outcome.error ?? "");
      else if (outcome) this.settle(item, outcome);
    }
    this.sending = false;
    if (this.done) [...this.entry.queue].forEach((item) => this.settle(item, { error: this.fate || "stopped" }));
  }

  /**
   * Repeat until it is accepted, refused, or too late.
   * @param {Item} item
   * @returns {Promise<Outcome | undefined>}
   */
  async post(item) {
    for (let failures = 0; !this.done; ) {
      const { token } = this.entry;
      const answer = await this.call(...request(item)).catch(() => null);
      if (answer?.ok || (answer?.status === 409 && item.end)) {
        return { receipt: await answer.json().catch(() => ({ id: item.id })) };
      }
      if (answer?.status === 401 && token !== this.entry.token) continue;
      if (answer && final(answer)) return { error: await code(answer), lost: answer.status === 401 };
      await this.pause(failures++, answer ? retryAfter(answer) : 0);
    }
    return undefined;
  }

  /**
   * @param {Item} item
   * @param {Outcome} outcome
   */
  settle(item, { receipt, error = "" }) {
    this.entry.queue = this.entry.queue.filter((one) => one !== item);
    this.save();
    const waiting = this.waiting.get(item.id);
    this.waiting.delete(item.id);
    if (receipt) return waiting?.resolve(receipt);
    if (error !== "stopped" && !item.end) {
      this.tell("onUndelivered", { id: item.id, text: item.text ?? "", name: item.file?.name, error });
    }
    return waiting?.reject(new Error(error));
  }

  /** @param {boolean} typing */
  typing(typing) {
    if (this.done || (typing ? Date.now() - this.typedAt < TYPING / 2 : !this.typedAt)) return;
    this.typedAt = typing ? Date.now() : 0;
    this.call("/v1/typing", json({ typing })).catch(() => {});
  }

  /**
   * @param {string} path
   * @param {RequestInit} init
   */
  async call(path, init) {
    const control = new AbortController();
    if (!init.signal) this.posting = control;
    const timer = setTimeout(() => control.abort(), init.body instanceof FormData ? UPLOAD : PATIENCE);
    const headers = { ...init.headers, Authorization: `Bearer ${this.entry.token}` };
    const { signal } = control;
    try {
      const answer = await fetch(this.entry.url + path, { signal, cache: "no-store", credentials: "omit", ...init, headers });
      this.entry.token = answer.headers.get("X-Handoff-Token") || this.entry.token;
      return answer;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Wait longer after each failure, or as long as the server says; only the first is cut short by `rouse`.
   * @param {number} failures
   * @param {number} [told]
   * @returns {Promise<void>}
   */
  pause(failures, told = 0) {
    const growing = Math.min(1e3 * 2 ** failures, 30e3) * (0.5 + Math.random() / 2);
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, told || growing);
      if (!told) this.sleepers.add(wake);
    });
  }

  rouse() {
    for (const wake of [...this.sleepers]) wake();
  }

  /** @param {"connecting" | "open" | "lost" | "closed"} connection */
  connected(connection) {
    if (connection === this.connection) return;
    this.connection = connection;
    this.tell("onConnection", connection);
  }

  /**
   * @param {string} name
   * @param {any} told
   */
  tell(name, told) {
    try {
      /** @type {any} */ (this.callbacks)[name]?.(told);
    } catch (error) {
      setTimeout(() => { throw error; }); // the page's own mistake goes to its console
    }
  }
}

/**
 * @param {Item} item
 * @returns {[string, RequestInit]}
 */
function request({ id, text, file, end }) {
  if (end) return ["/v1/end", { method: "POST" }];
  if (!file) return ["/v1/messages", json({ id, text })];
  const body = new FormData();
  body.append("id", id);
  body.append("file", file);
  return ["/v1/files", { method: "POST", body }];
}

/**
 * @param {object} body
 * @returns {RequestInit}
 */
const json = (body) => ({
  method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
});

/** @param {Response} answer */
const final = ({ status }) => status >= 400 && status < 500 && ![408, 425, 429].includes(status);

/** @param {Response} answer */
const code = async (answer) => (await answer.json().catch(() => ({}))).error || `http_${answer.status}`;

/** @param {Response} answer */
const retryAfter = (answer) => 1e3 * Number(answer.headers.get("Retry-After")) || 0;

const now = () => new Date().toISOString();

/**
 * Read server-sent events; what they mean is JSON in `data`.
 * @param {(event: any) => void} take
 */
function parser(take) {
  let rest = "";
  let data = "";
  return (/** @type {string} */ chunk) => {
    const lines = (rest + chunk).split(/\r?\n/);
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line.startsWith("data:")) data += line.slice(5);
      if (line || !data) continue;
      const event = JSON.parse(data);
      data = "";
      take(event);
    }
  };
}

/** Make an id; `randomUUID` is missing on pages without https. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return crypto.randomUUID?.() ?? Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** @returns {Store} */
function tabStorage() {
  try {
    return sessionStorage; // throws where the browser forbids it
  } catch {
    return { getItem: () => null, setItem() {}, removeItem() {}, key: () => null, length: 0 };
  }
}

/**
 * @param {Store} storage
 * @param {string} key
 */
function read(storage, key) {
  try {
    return JSON.parse(storage.getItem(key) ?? "{}");
  } catch {
    return {};
  }
}

/**
 * @param {Store} storage
 * @param {Partial<Entry>} entry
 */
function write(storage, entry) {
  try {
    storage.setItem(PREFIX + entry.id, JSON.stringify(entry));
  } catch {
    // full: the handoff goes on, a reload would lose it
  }
}
