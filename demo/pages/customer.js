// The customer's side: talks to the bot, and straight to the agent while a handoff is open.

import { get, pause, troubleOf } from "./api.js";
import { ask, isOpen } from "./bot.js";
import { customerView } from "./customer-view.js";
import { confirmed } from "./dom.js";
import { liveFor } from "./live.js";
import { fresh, load, newId, save } from "./memory.js";
import { isFrom } from "./text.js";

const POLL_MS = 1000;
const LOST = "The connection is gone. We keep trying; nothing you write is lost.";
const DEEDS = ["say", "sendFiles", "typing", "leave", "begin", "sendAgain", "canSendAgain"];

export class Customer {
  /**
   * @param {number} slot which of this tab's customers
   * @param {{suggestions: string[], pictures: string[]}} config
   */
  constructor(slot, config) {
    this.slot = slot;
    this.config = config;
    this.memory = load(slot);
    this.watchers = [];
    // One turn at a time: answers must be shown in the order of their questions.
    this.turns = Promise.resolve();
    /** Files and their previews live as long as the page. */
    this.files = new Map();
    const deeds = Object.fromEntries(DEEDS.map((name) => [name, (...given) => this[name](...given)]));
    this.view = customerView(deeds, config.suggestions);
    this.live = liveFor(slot, {
      line: (line) => this.add(line),
      state: (event) => this.hear(event),
      typing: (name) => this.view.setTyping(name),
      connection: (state) => this.view.setBanner(state === "lost" ? LOST : ""),
      delivered: (texts) => this.settle(texts),
      undelivered: (item) => this.undelivered(item),
    });
  }

  /** Goes on after a reload, or begins. */
  async start() {
    if (this.memory && !(await isKnown(this.memory.session))) this.memory = null;
    if (this.memory) this.resume();
    else this.begin();
    this.poll();
  }

  resume() {
    this.memory.lines.forEach((line) => this.view.draw(this.withPreview(line)));
    const resumed = this.live.resume();
    // What was typed is kept by the client and goes out now; a file was only in the page's memory.
    const gone = this.memory.lines.filter((line) => line.status === "sending" && (line.file || !resumed));
    gone.forEach((line) => this.mark(line, "failed"));
    this.drawStanding();
    // Whatever happened meanwhile: the answer says how it stands, and brings what the page needs.
    if (isOpen(this.memory.state) && !this.live.handle) this.turn({ event: "agent_reply_ready" });
  }

  async begin() {
    if (this.memory && isOpen(this.memory.state)) {
      if (!(await this.leave())) return;
      await this.turns;
    }
    this.live.forget();
    this.memory = fresh(this.slot);
    this.view.clear();
    this.drawStanding();
    await this.turn({ event: "WELCOME" });
  }

  /** @param {string} text */
  say(text, { focus = true } = {}) {
    const line = { id: newId(), who: "you", name: "You", text, at: Date.now(), status: "sending", live: isOpen(this.memory.state) };
    this.add(line);
    this.send(line);
    if (focus) this.view.textarea.focus();
  }

  sendFiles(files) {
    for (const file of files) {
      const about = { name: file.name, size: file.size, type: file.type };
      const line = { id: newId(), who: "you", name: "You", text: "", at: Date.now(), status: "sending", live: true, file: about };
      this.files.set(line.id, { file, url: URL.createObjectURL(file) });
      this.add(line);
      this.send(line);
    }
  }

  canSendAgain(line) {
    return !line.file || (this.files.has(line.id) && Boolean(this.live.handle));
  }

  sendAgain(line) {
    this.mark(line, "sending");
    this.send(line);
  }

  send(line) {
    const { handle } = this.live;
    if (!handle && !line.file) {
      this.turn({ text: line.text }, line);
      return;
    }
    const file = this.files.get(line.id)?.file;
    if (!handle || (line.file && !file)) {
      this.mark(line, "failed");
      return;
    }
    const sent = file ? handle.sendFile(file) : handle.send(line.text);
    sent.then(() => this.mark(line, "sent"), () => this.mark(line, "failed"));
  }

  typing(typing) {
    this.live.handle?.typing(typing);
  }

  async leave() {
    const sure = await confirmed("Leave the chat?", "The person at the desk is told that you have gone. The assistant stays.", "Leave", "Stay");
    if (!sure) return false;
    const { handle } = this.live;
    if (handle) await handle.end().catch(() => this.turn({ event: "customer_leaves" }));
    else await this.turn({ event: "customer_leaves" });
    this.view.textarea.focus();
    return true;
  }

  turn(query, line = null) {
    const { session } = this.memory;
    this.turns = this.turns.then(async () => {
      if (session !== this.memory.session) return;
      if (query.text && !isOpen(this.memory.state)) this.view.setTyping("The assistant", { quiet: true });
      try {
        const answer = await ask(this.memory, query);
        if (session !== this.memory.session) return;
        if (line) this.mark(line, "sent");
        this.take(answer, line);
        this.view.setBanner("");
      } catch (error) {
        if (line) this.mark(line, "failed");
        this.view.setBanner(troubleOf(error));
      } finally {
        this.view.setTyping("");
      }
    });
    return this.turns;
  }

  /** @param {import("./bot.js").Answer} answer */
  take({ lines, standing, payload }, asked) {
    lines.forEach((line) => this.add({ id: newId(), at: Date.now(), ...line }));
    const open = isOpen(standing.state);
    // What made the bot call for a person is the first that the person reads.
    if (open && asked) asked.live = true;
    if (standing.state === "failed") this.giveUp();
    if (open && payload) this.live.connect(payload);
    // What comes straight from the handoff is newer than what Dialogflow was told.
    if (!open || !this.live.knows) Object.assign(this.memory, standing);
    this.drawStanding();
  }

  /** What the handoff itself says about how it stands. */
  hear({ state, agent, position, wait_seconds: wait }) {
    const lost = state === "lost";
    const name = agent?.name ?? (state === "active" ? this.memory.agent : "");
    // A place in line stays known until another is told, or the line is left.
    const line = position === undefined && state === this.memory.state ? {} : { position, wait };
    if (!lost) Object.assign(this.memory, { state, agent: name, ...line });
    this.drawStanding();
    // The bot takes over with the next turn. Where the key is refused, the next answer brings another.
    if (!lost && !isOpen(state)) this.turn({ event: "agent_reply_ready" });
  }

  /** Nobody came: what was written for a person has not been read by one. */
  giveUp() {
    const bot = this.memory.lines.findLastIndex((line) => line.who === "bot");
    const unread = this.memory.lines.slice(bot + 1).filter((line) => line.who === "you" && line.live);
    for (const line of unread) this.mark(line, "failed");
  }

  undelivered({ text }) {
    const line = this.memory.lines.findLast((one) => one.who === "you" && one.text === text && one.status !== "failed");
    if (line) this.mark(line, "failed");
  }

  /** After a reload nobody waits for the receipts: what has left the client's queue has arrived. */
  settle(waiting) {
    const left = [...waiting];
    for (const line of this.memory.lines.filter((one) => one.status === "sending" && one.live && !one.file)) {
      const place = left.indexOf(line.text);
      if (place >= 0) left.splice(place, 1);
      else this.mark(line, "sent");
    }
  }

  add(line) {
    if (this.memory.lines.some((known) => known.id === line.id)) return;
    this.memory.lines.push(line);
    if (line.who === "agent") this.view.setTyping("");
    this.view.draw(this.withPreview(line));
    this.keep();
  }

  mark(line, status) {
    const known = this.memory.lines.find((one) => one.id === line.id);
    if (!known || known.status === status) return;
    known.status = status;
    this.view.tick(known);
    this.keep();
  }

  /** Adds what a file can be shown by: an own one from memory, another only from where the page trusts. */
  withPreview(line) {
    if (!line.file) return line;
    const preview = this.files.get(line.id)?.url;
    return { ...line, file: { ...line.file, preview, shown: Boolean(preview) || isFrom(line.file.url, this.config.pictures) } };
  }

  drawStanding() {
    this.view.setStanding(this.memory, isOpen(this.memory.state), Boolean(this.live.handle));
    this.keep();
  }

  keep() {
    save(this.slot, this.memory);
    this.watchers.forEach((tell) => tell(this));
  }

  /** @param {(customer: Customer) => void} tell */
  watch(tell) {
    this.watchers.push(tell);
  }

  async poll() {
    for (;;) {
      await pause(POLL_MS);
      if (isOpen(this.memory.state) && !this.live.handle) await this.turn({ event: "agent_reply_ready" });
    }
  }
}

const isKnown = (session) => get(`/bot/sessions/${session}`).then(() => true, () => false);
