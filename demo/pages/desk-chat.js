// The open chat at the desk: its head, everything said and noted in it, and the box to answer in.

import { acceptDrops, composer } from "./composer.js";
import { avatar, el, followEnd, icon, setText } from "./dom.js";
import { customerOf, filesOf, happened, hostOf, isWaiting, kindOf, split } from "./history.js";
import { bubble, divider, group, notice } from "./lines.js";
import { isFrom } from "./text.js";

// A peek may be a mere sign that somebody types.
const WORDS_OF_THE_CUSTOMER = /[\p{L}\p{N}]/u;
const STATES = { active: "active", queued: "waiting in line", unassigned: "waiting", closed: "closed" };

export function chatView(config, deeds) {
  const face = el("span");
  const title = el("h3", { class: "chat-title" });
  const facts = el("p", { class: "small" });
  const accept = el("button", { type: "button", textContent: "Accept" });
  const pass = el("button", { type: "button", class: "quiet", on: { click: deeds.transfer } }, icon("pass"), "Transfer");
  const close = el("button", { type: "button", class: "quiet", on: { click: deeds.close } }, icon("check"), "Close");
  const log = el("ol", { class: "log", role: "log", "aria-live": "polite", "aria-label": "What the agents see", tabIndex: 0 });
  const peek = el("p", { class: "peek small", hidden: true });
  const note = el("input", { type: "checkbox", class: "note-switch" });
  const noteLabel = el("label", { class: "switch note-label" }, note, icon("note"), el("span", { textContent: "Note" }));
  const box = composer({
    label: "Reply",
    placeholder: "Reply",
    send: (text) => deeds.reply(text, note.checked ? "agents" : "all"),
    sendFiles: deeds.sendFiles,
    typing: config.typing ? (typing) => !note.checked && deeds.typing(typing) : undefined,
    extras: [noteLabel],
  });
  const open = el(
    "div",
    { class: "chat-open", hidden: true },
    el("header", { class: "chat-head" }, face, el("div", { class: "who" }, title, facts), el("div", { class: "buttons" }, accept, pass, close)),
    log,
    peek,
    box.form,
  );
  const nothing = el(
    "div",
    { class: "nothing" },
    icon("tulip"),
    el("p", {}, el("strong", { textContent: "All quiet" })),
    el("p", { class: "small", textContent: "When a customer asks the assistant for a person, the chat comes to the list on the left." }),
  );
  const root = el("div", { class: "chat" }, nothing, open);
  const toEnd = followEnd(log);
  let now = { chat: null, desk: null };
  accept.addEventListener("click", () => deeds.accept(now.chat.id));
  note.addEventListener("change", () => drawBox());
  acceptDrops(open, () => now.mine && !note.checked, deeds.sendFiles);

  function drawBox() {
    const { chat, desk, mine } = now;
    const over = chat.state === "closed";
    const writes = mine || (note.checked && !over);
    box.form.classList.toggle("noting", note.checked);
    box.textarea.placeholder = invitation(chat, desk, mine, note.checked);
    box.textarea.setAttribute("aria-label", note.checked ? "Note for colleagues" : "Reply");
    box.textarea.disabled = !writes;
    box.form.querySelector("[type=submit]").disabled = !writes;
    note.disabled = over;
    box.allowFiles(Boolean(mine && !note.checked));
  }

  return {
    root,
    focus: () => box.textarea.focus(),
    draft: () => box.textarea.value,
    setDraft(text) {
      box.textarea.value = text ?? "";
      note.checked = false;
    },
    draw(chat, desk) {
      nothing.hidden = chat !== null;
      open.hidden = chat === null;
      if (chat === null) return;
      now = { chat, desk, mine: desk.isMine(chat) };
      drawHead({ face, title, facts }, chat);
      accept.hidden = !isWaiting(chat);
      pass.disabled = !now.mine;
      close.disabled = !now.mine;
      if (drawEvents(log, chat, config)) toEnd();
      drawPeek(peek, chat);
      drawBox();
    },
  };
}

function invitation(chat, desk, mine, noting) {
  if (chat.state === "closed") return "This chat is closed";
  if (noting) return "A note that only agents see";
  const me = desk.staff.agents.find((agent) => agent.email === desk.me)?.name ?? "";
  if (mine) return `Reply as ${me}`;
  return isWaiting(chat) ? "Accept the chat to reply" : `${hostOf(chat)?.name ?? "A colleague"} is talking here`;
}

function drawHead({ face, title, facts }, chat) {
  const name = customerOf(chat);
  if (title.textContent !== name) face.replaceChildren(avatar(name, "customer"));
  setText(title, name);
  setText(facts, [chat.groups.join(", "), STATES[chat.state], hostOf(chat)?.name].filter(Boolean).join(" · "));
}

// Some desks show what a customer is about to send.
function drawPeek(peek, chat) {
  const text = chat.sneak_peek?.text ?? (typeof chat.sneak_peek === "string" ? chat.sneak_peek : "");
  const types = Boolean(text || chat.customer_typing) && chat.state !== "closed";
  peek.hidden = !types;
  const shown = WORDS_OF_THE_CUSTOMER.test(text) ? [": ", el("bdi", { textContent: text })] : [" …"];
  if (types) peek.replaceChildren(el("bdi", { textContent: customerOf(chat) }), " is typing", ...shown);
}

// Only what is new is drawn, so that a screen reader says it once and scrolling stays put.
function drawEvents(log, chat, config) {
  const other = log.dataset.chat !== chat.id;
  if (other) {
    log.replaceChildren();
    log.dataset.chat = chat.id;
  }
  const drawn = new Set(Array.from(log.children, (item) => item.dataset.event));
  let thread = chat.threads[0];
  for (const event of split(chat).events) {
    const begins = event.thread_id !== thread;
    thread = event.thread_id;
    if (drawn.has(event.id)) continue;
    if (begins) log.append(divider("Came back: a new conversation in the same chat"));
    log.append(...itemsOf(event, config));
  }
  group(log);
  return other;
}

function itemsOf(event, config) {
  const kind = kindOf(event);
  const properties = { "data-event": event.id };
  if (kind === "notice") return [notice(happened(event), properties)];
  const line = {
    side: kind === "customer" ? "theirs" : "own",
    kind,
    name: event.author.name,
    label: kind === "note" ? `${event.author.name}, a note only agents see` : event.author.name,
    at: event.created_at,
  };
  const files = filesOf(event).map((file) => ({ ...file, shown: isFrom(file.url, config.pictures) }));
  const text = event.type === "file" ? "" : event.text;
  const said = text ? [bubble({ ...line, text }, properties)] : [];
  return [...said, ...files.map((file) => bubble({ ...line, file }, properties))];
}
