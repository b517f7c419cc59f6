// Draws the customer's phone: who they talk to, what was said, how it stands.

import { composer, acceptDrops } from "./composer.js";
import { avatar, el, followEnd, icon, iconButton, setText } from "./dom.js";
import { bubble, divider, group, notice, setTick } from "./lines.js";
import { waitOf } from "./text.js";

const WORDS = {
  requested: "Finding a person",
  waiting: "Waiting for a person",
};

/**
 * @param {object} deeds what the customer can do: `say`, `sendFiles`, `typing`, `leave`, `begin`, `sendAgain`
 * @param {string[]} suggestions
 */
export function customerView(deeds, suggestions) {
  const face = el("div", { class: "face" });
  const title = el("h2", { class: "partner" });
  const state = el("p", { class: "state", role: "status" });
  const leave = iconButton("leave", "Leave the chat", deeds.leave);
  const begin = iconButton("again", "Start over as somebody else", deeds.begin);
  const banner = el("p", { class: "banner", role: "alert", hidden: true });
  const log = el("ol", { class: "log", role: "log", "aria-live": "polite", "aria-label": "Conversation", tabIndex: 0 });
  const standing = el("div", { class: "standing", role: "status", hidden: true });
  const typing = typingBubble();
  const chips = el("div", { class: "chips", role: "group", "aria-label": "Suggestions" });
  chips.append(...suggestions.map((phrase) => el("button", { type: "button", textContent: phrase, on: { click: () => deeds.say(phrase) } })));
  const box = composer({
    label: "Your message",
    placeholder: "Write a message",
    send: (text) => deeds.say(text),
    sendFiles: deeds.sendFiles,
    typing: deeds.typing,
  });
  const root = el(
    "section",
    { class: "phone", "aria-label": "Customer chat" },
    el("header", { class: "phone-head" }, face, el("div", { class: "who" }, title, state), el("div", { class: "buttons" }, leave, begin)),
    banner,
    log,
    typing.item,
    standing,
    chips,
    box.form,
    el("p", { class: "drop-hint", "aria-hidden": "true", textContent: "Drop files to send them" }),
  );
  const toEnd = followEnd(log);
  let filesAllowed = false;
  acceptDrops(root, () => filesAllowed, deeds.sendFiles);
  const items = new Map();
  const drawTick = (item, line) => setTick(item, line.status, deeds.canSendAgain(line) ? () => deeds.sendAgain(line) : null);

  return {
    root,
    textarea: box.textarea,
    clear() {
      items.clear();
      log.replaceChildren();
    },
    draw(line) {
      const item = itemOf(line);
      items.set(line.id, item);
      log.append(item);
      if (line.who === "you") {
        drawTick(item, line);
        toEnd();
      }
      group(log);
    },
    tick(line) {
      const item = items.get(line.id);
      if (item) drawTick(item, line);
    },
    setTyping: typing.set,
    setBanner(text) {
      setText(banner, text);
      banner.hidden = !text;
    },
    setStanding(memory, open, files) {
      const person = memory.state === "active";
      drawFace(face, title, person ? memory.agent || "A colleague" : "");
      setText(state, person ? "In this chat with you" : open ? WORDS[memory.state] : "Assistant, answers at once");
      root.dataset.state = memory.state;
      drawWaiting(standing, memory, open && !person);
      leave.hidden = !open;
      chips.hidden = open;
      filesAllowed = files;
      box.allowFiles(files);
    },
  };
}

function itemOf(line) {
  if (line.who === "notice") return notice(line.text, { "data-line": line.id });
  if (line.who === "divider") return divider(line.text, { "data-line": line.id });
  const side = line.who === "you" ? "own" : "theirs";
  return bubble({ ...line, side, kind: line.who, name: line.name ?? "You" }, { "data-line": line.id });
}

function drawFace(face, title, person) {
  const name = person || "Tulip Store";
  if (face.dataset.name !== name) {
    face.dataset.name = name;
    face.replaceChildren(avatar(name, person ? "agent" : "bot"));
  }
  setText(title, name);
}

function drawWaiting(standing, memory, waiting) {
  standing.hidden = !waiting;
  if (!waiting) {
    standing.replaceChildren();
    return;
  }
  const place = memory.position ? `You are number ${memory.position} in line` : "You can go on writing meanwhile";
  const wait = waitOf(memory.wait);
  const text = [place, wait].filter(Boolean).join(", ");
  if (standing.dataset.text === text && standing.firstChild) return;
  standing.dataset.text = text;
  standing.replaceChildren(
    el("span", { class: "pulse", "aria-hidden": "true" }, icon("clock")),
    el("span", {}, el("strong", { textContent: "We are finding you a person" }), el("span", { class: "small", textContent: text })),
  );
}

function typingBubble() {
  const label = el("span", { class: "unseen", role: "status" });
  const dots = el("span", { class: "dots", "aria-hidden": "true" }, el("i"), el("i"), el("i"));
  const name = el("span", { class: "small", "aria-hidden": "true" });
  const item = el("div", { class: "typing", hidden: false }, label, el("span", { class: "typing-inside" }, dots, name));
  const set = (who, { quiet = false } = {}) => {
    item.classList.toggle("on", Boolean(who));
    setText(name, who ? `${who} is typing` : "");
    setText(label, who && !quiet ? `${who} is typing` : "");
  };
  set("");
  return { item, set };
}
