// Draws the desk: agents, the list of chats, and one chat with everything said and noted in it.

import { byId, el, redraw } from "./dom.js";

const STATES = { active: "active", queued: "in line", unassigned: "waiting", closed: "closed" };
const HAPPENED = {
  chat_transferred: "Transferred to",
  agent_joined: "Joined:",
  agent_left: "Left:",
  manual_archived_agent: "Closed by",
  manual_archived_customer: "Ended by the customer,",
};

export function drawAgents({ agents, groups }, setStatus) {
  redraw(byId("agents"), agents, () => agents.map((agent) => agentItem(agent, groups, setStatus)));
}

function agentItem(agent, groups, setStatus) {
  const online = agent.status === "accepting_chats";
  const teams = groups.filter((group) => agent.groups.includes(group.id)).map((group) => group.name);
  const button = el("button", {
    type: "button",
    class: "quiet",
    textContent: online ? "Go offline" : "Go online",
    "data-key": agent.email,
    "aria-label": `${agent.name}: ${online ? "go offline" : "go online"}`,
  });
  button.addEventListener("click", () => setStatus(agent.email, !online));
  return el(
    "li",
    { class: online ? "online" : "offline" },
    el("span", { class: "agent-name", textContent: agent.name }),
    el("span", { class: "small", textContent: `${teams.join(", ")} · ${agent.chats} of ${agent.max_chats}` }),
    button,
  );
}

export function drawChats(chats, selected, select) {
  const newestFirst = [...chats].reverse();
  redraw(byId("chats"), [newestFirst, selected], () => newestFirst.map((chat) => chatItem(chat, selected, select)));
}

function chatItem(chat, selected, select) {
  const last = chat.events.findLast((event) => event.type === "message");
  const button = el(
    "button",
    { type: "button", "data-key": chat.id, "aria-current": String(chat.id === selected) },
    el("span", { class: "chat-name", textContent: customerOf(chat) }),
    el("span", { class: `badge ${chat.state}`, textContent: STATES[chat.state] }),
    el("span", { class: "small", textContent: chat.groups.join(", ") }),
    el("span", { class: "small snippet", textContent: last?.text ?? "" }),
  );
  button.addEventListener("click", () => select(chat.id));
  return el("li", {}, button);
}

export function drawChat(chat) {
  byId("nothing").hidden = chat !== null;
  byId("chat").hidden = chat === null;
  if (chat === null) return;
  const agent = chat.agents.find((one) => one.visibility === "all");
  byId("chat-title").textContent = customerOf(chat);
  byId("chat-facts").textContent = [chat.groups.join(", "), STATES[chat.state], agent?.name].filter(Boolean).join(" · ");
  byId("take").hidden = chat.state !== "queued" && chat.state !== "unassigned";
  byId("close").disabled = chat.state === "closed";
  drawFields(chat);
  drawEvents(chat);
}

function drawFields(chat) {
  const known = { name: chat.customer.name, email: chat.customer.email };
  const fields = Object.assign(known, ...chat.session_fields);
  const rows = Object.entries(fields).filter(([, value]) => value);
  byId("fields").replaceChildren(
    ...rows.flatMap(([name, value]) => [el("dt", { textContent: name }), el("dd", { textContent: value })]),
  );
}

// Only what is new is drawn, so that a screen reader says it once and scrolling stays put.
function drawEvents(chat) {
  const log = byId("desk-log");
  if (log.dataset.chat !== chat.id) {
    log.replaceChildren();
    log.dataset.chat = chat.id;
  }
  const drawn = new Set(Array.from(log.children, (item) => item.dataset.event));
  let thread = chat.threads[0];
  const fresh = [];
  for (const event of chat.events) {
    const begins = event.thread_id !== thread;
    thread = event.thread_id;
    if (drawn.has(event.id)) continue;
    if (begins) fresh.push(el("li", { class: "line again", textContent: "A new conversation in the same chat" }));
    fresh.push(eventItem(event));
  }
  log.append(...fresh);
}

function eventItem(event) {
  const said = el("span", { class: "text", textContent: wordsOf(event) });
  const kind = kindOf(event);
  if (kind === "notice") return el("li", { class: "line notice", "data-event": event.id }, said);
  const label = kind === "note" ? `${event.author.name}, a note only agents see` : event.author.name;
  const author = el("span", { class: "author", textContent: label });
  return el("li", { class: `line ${kind}`, "data-event": event.id }, author, said);
}

function wordsOf(event) {
  const happened = HAPPENED[event.system_message_type];
  if (happened) return `${happened} ${Object.values(event.text_vars ?? {}).join(", ")}`;
  return event.text ?? event.name ?? event.type;
}

function kindOf(event) {
  if (!event.author) return "notice";
  if (event.visibility === "agents") return "note";
  return event.author.type === "customer" ? "them" : "own";
}

export function drawTargets({ agents, groups }, chat) {
  const agentHere = chat?.agents.find((one) => one.visibility === "all")?.id;
  const others = agents.filter((agent) => agent.email !== agentHere);
  const targets = [
    ...groups.map((group) => [`Group ${group.name}`, ["to_group", group.id]]),
    ...others.map((agent) => [agent.name, ["to_agent", agent.email]]),
  ];
  redraw(byId("transfer-to"), targets, () => targets.map(([label, value]) => option(label, value)));
  const closed = !chat || chat.state === "closed";
  for (const control of byId("transfer").elements) control.disabled = closed;
}

const option = (textContent, value) => el("option", { textContent, value: JSON.stringify(value) });
const customerOf = (chat) => chat.customer.name || "A customer";
