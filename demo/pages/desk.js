// The agents' side: follows the desk by long poll and does what agents do.

import { get, pause, post, troubleOf } from "./api.js";
import { confirmed } from "./dom.js";
import { deskView } from "./desk-view.js";
import { customerOf, hostOf, isWaiting, writtenIn } from "./history.js";
import { chooseTarget } from "./transfer.js";

const DESK = "/vendor/desk";
const RETRY_MS = 2000;
const ME = "tulip-desk-agent";

export class Desk {
  /** @param {{desk: string, typing: boolean, pictures: string[]}} config */
  constructor(config) {
    this.config = config;
    this.chats = [];
    this.staff = { agents: [], groups: [] };
    this.byHand = true;
    this.selected = null;
    /** What of a chat was seen, what is being written in it, and since when it waits. */
    this.seen = new Map();
    this.drafts = new Map();
    this.since = new Map();
    this.onChange = () => {};
    const deeds = ["select", "accept", "reply", "sendFiles", "typing", "transfer", "close", "be", "setStatus", "setByHand"];
    this.view = deskView(config, Object.fromEntries(deeds.map((name) => [name, (...given) => this[name](...given)])));
  }

  async start() {
    this.view.setByHand(this.byHand);
    // The agents of this page take their chats themselves, so that a queue can be seen.
    await this.setByHand(this.byHand);
    this.follow();
  }

  async follow() {
    for (;;) {
      try {
        const change = await this.refresh();
        this.view.setBanner("");
        await get(`${DESK}/changes?after=${change}&wait=25`);
      } catch (error) {
        this.view.setBanner(troubleOf(error));
        await pause(RETRY_MS);
      }
    }
  }

  async refresh() {
    const [seen, people] = await Promise.all([get(`${DESK}/chats`), get(`${DESK}/agents`)]);
    this.chats = seen.chats;
    this.staff = people;
    this.me ??= sessionStorage.getItem(ME) ?? people.agents[0]?.email;
    // What was there when the page opened is not news.
    this.news ??= this.chats.forEach((chat) => this.seen.set(chat.id, writtenIn(chat))) ?? true;
    for (const chat of this.chats) {
      if (!isWaiting(chat)) this.since.delete(chat.id);
      else if (!this.since.has(chat.id)) this.since.set(chat.id, Date.now());
    }
    if (!this.current()) this.selected = this.chats.findLast((chat) => chat.state !== "closed")?.id ?? null;
    this.draw();
    return seen.change;
  }

  draw() {
    const chat = this.current();
    if (chat) this.seen.set(chat.id, writtenIn(chat));
    this.view.draw(this);
    this.onChange(this);
  }

  current() {
    return this.chats.find((chat) => chat.id === this.selected) ?? null;
  }

  /** How many of a chat's lines nobody has looked at. */
  unread(chat) {
    const mine = hostOf(chat)?.id === this.me;
    return mine ? writtenIn(chat) - (this.seen.get(chat.id) ?? 0) : 0;
  }

  isMine(chat) {
    return chat?.state !== "closed" && Boolean(chat?.agents.some((agent) => agent.id === this.me && agent.visibility === "all"));
  }

  /** Whether a chat waits in a group that this agent works in. */
  isForMe(chat) {
    const own = this.staff.agents.find((agent) => agent.email === this.me)?.groups ?? [];
    return chat.group_ids.some((group) => group === 0 || own.includes(group));
  }

  // What the agent does

  select(id) {
    this.drafts.set(this.selected, this.view.draft());
    this.selected = id;
    this.view.setDraft(this.drafts.get(id));
    this.draw();
  }

  be(email) {
    this.me = email;
    sessionStorage.setItem(ME, email);
    this.draw();
  }

  async accept(id) {
    this.select(id);
    await this.act("pick", { agent: this.me });
    this.view.focusReply();
  }

  reply(text, visibility) {
    return this.act("say", { agent: this.me, text, visibility });
  }

  typing(typing) {
    if (this.config.typing && this.isMine(this.current())) this.act("typing", { agent: this.me, typing });
  }

  async transfer() {
    const chat = this.current();
    const target = await chooseTarget(chat, this.staff, this.me);
    if (target) await this.act("transfer", { agent: this.me, ...target }, chat.id);
    this.view.focusReply();
  }

  async close() {
    const chat = this.current();
    const sure = await confirmed("Close this chat?", `${customerOf(chat)} is told, and talks to the assistant again.`, "Close the chat", "Keep it open");
    if (sure) await this.act("close", { agent: this.me }, chat.id);
    this.view.focusList();
  }

  async sendFiles(files) {
    const id = this.selected;
    for (const file of files) {
      const form = new FormData();
      form.append("agent", this.me);
      form.append("file", file, file.name);
      await this.try(async () => {
        const answer = await fetch(`${this.pathOf(id)}/upload`, { method: "POST", body: form });
        if (!answer.ok) throw new Error(`The desk refused the file (${answer.status}).`);
      });
    }
  }

  setStatus(status) {
    return this.try(() => post(`${DESK}/agents/${encodeURIComponent(this.me)}/status`, status));
  }

  setByHand(byHand) {
    this.byHand = byHand;
    return this.try(() => post(`${DESK}/assignment`, { automatic: !byHand }), false);
  }

  act(deed, body, id = this.selected) {
    return this.try(() => post(`${this.pathOf(id)}/${deed}`, body));
  }

  async try(run, refresh = true) {
    try {
      await run();
      if (refresh) await this.refresh();
    } catch (error) {
      this.view.setBanner(troubleOf(error));
    }
  }

  pathOf(id) {
    return `${DESK}/chats/${encodeURIComponent(id)}`;
  }
}
