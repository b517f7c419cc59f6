// What is known of the open chat: the customer, attributes, who is in it, and the talk before it.

import { el, redraw } from "./dom.js";
import { split } from "./history.js";
import { words } from "./text.js";

const LABELS = { handoff_id: "Handoff", language: "Language", name: "Name", email: "Email", topic: "Topic", phone: "Phone" };
// Where there is little room the cards are shut until somebody wants to see one.
const ROOMY = matchMedia("(min-width: 700px)");

export function drawDetails(aside, chat) {
  const facts = chat && [chat.id, chat.customer, chat.session_fields, chat.agents, split(chat).before];
  redraw(aside, facts, () => (chat ? cards(chat) : []));
}

function cards(chat) {
  const { name, email } = chat.customer;
  const { before } = split(chat);
  const fields = Object.assign({}, ...chat.session_fields);
  return [
    card("Customer", pairs({ name, email })),
    card("Attributes", pairs(fields)),
    card("In this chat", people(chat.agents)),
    card("Before this chat", before.length ? transcript(before) : el("p", { class: "small", textContent: "Nothing was said to the assistant." })),
  ];
}

function card(title, content) {
  return el("details", { class: "card", open: ROOMY.matches }, el("summary", {}, el("h3", { textContent: title })), content);
}

function pairs(fields) {
  const rows = Object.entries(fields).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return el("dl", {}, ...rows.flatMap(([key, value]) => [
    el("dt", { textContent: LABELS[key] ?? key.replaceAll("_", " ") }),
    el("dd", { dir: "auto", textContent: String(value) }),
  ]));
}

function people(agents) {
  if (!agents.length) return el("p", { class: "small", textContent: "No agent yet" });
  return el("ul", { class: "people" }, ...agents.map((agent) => el("li", {},
    el("bdi", { textContent: agent.name }),
    agent.visibility === "agents" ? el("span", { class: "small", textContent: " looks on, unseen" }) : null,
  )));
}

function transcript(before) {
  return el("ol", { class: "before" }, ...before.map((line) => el("li", { class: line.speaker.toLowerCase() },
    el("span", { class: "small", textContent: line.speaker === "Bot" ? "Assistant" : line.speaker }),
    words(line.text),
  )));
}
