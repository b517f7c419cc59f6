// The agents' side: follows the desk by long poll and does what agents do.

import { get, hideTrouble, pause, post, showTrouble } from "./api.js";
import { byId, composer, followEnd } from "./dom.js";
import { drawAgents, drawChat, drawChats, drawTargets } from "./desk-view.js";

const DESK = "/vendor/desk";
const RETRY_MS = 2000;

let chats = [];
let staff = { agents: [], groups: [] };
let selected = null;

export function startDesk() {
  followEnd(byId("desk-log"));
  composer(byId("desk-form"), byId("desk-text"), reply);
  byId("transfer").addEventListener("submit", transfer);
  byId("close").addEventListener("click", () => act("close", { agent: speaker() }));
  byId("take").addEventListener("click", () => act("pick", { agent: firstAwake() }));
  byId("whisper").addEventListener("change", drawComposer);
  follow();
}

async function follow() {
  for (;;) {
    try {
      const change = await refresh();
      hideTrouble();
      await get(`${DESK}/changes?after=${change}&wait=25`);
    } catch (error) {
      showTrouble(error);
      await pause(RETRY_MS);
    }
  }
}

async function refresh() {
  const [seen, people] = await Promise.all([get(`${DESK}/chats`), get(`${DESK}/agents`)]);
  const known = new Set(chats.map((chat) => chat.thread_id));
  chats = seen.chats;
  staff = people;
  // A conversation that has just opened comes to the front, unless an answer is being written.
  const opened = chats.find((chat) => !known.has(chat.thread_id) && chat.state !== "closed");
  if (opened && (!current() || !byId("desk-text").value)) selected = opened.id;
  draw();
  return seen.change;
}

function draw() {
  const chat = current();
  drawAgents(staff, setStatus);
  drawChats(chats, selected, select);
  drawChat(chat);
  drawTargets(staff, chat);
  drawComposer();
}

function drawComposer() {
  const chat = current();
  const whisper = byId("whisper").checked;
  const mayWrite = chat && chat.state !== "closed" && (whisper || host(chat));
  const name = nameOf(speaker());
  byId("desk-form").classList.toggle("whispering", whisper);
  byId("desk-text").placeholder = invitation(chat, whisper, name);
  for (const control of byId("desk-form").elements) control.disabled = !mayWrite;
  byId("whisper").disabled = !chat || chat.state === "closed";
}

function invitation(chat, whisper, name) {
  if (chat?.state === "closed") return "This chat is closed";
  return whisper ? "Write a note that only agents see" : `Reply as ${name}`;
}

function select(id) {
  selected = id;
  draw();
}

function reply(text) {
  const visibility = byId("whisper").checked ? "agents" : "all";
  act("say", { agent: speaker(), text, visibility });
}

function transfer(event) {
  event.preventDefault();
  const [kind, id] = JSON.parse(byId("transfer-to").value);
  act("transfer", { agent: speaker(), [kind]: id });
}

function act(deed, body) {
  const path = `${DESK}/chats/${encodeURIComponent(selected)}/${deed}`;
  return post(path, body).then(refresh).catch(showTrouble);
}

function setStatus(email, online) {
  const status = online ? { accepting: true } : { offline: true };
  return post(`${DESK}/agents/${encodeURIComponent(email)}/status`, status).then(refresh).catch(showTrouble);
}

const current = () => chats.find((chat) => chat.id === selected) ?? null;
const host = (chat) => chat.agents.find((agent) => agent.visibility === "all");
const nameOf = (email) => staff.agents.find((agent) => agent.email === email)?.name ?? "an agent";

function firstAwake() {
  const awake = staff.agents.find((agent) => agent.status === "accepting_chats");
  return (awake ?? staff.agents[0])?.email;
}

// Whoever is in the chat acts; in a chat that waits, the first who is there.
function speaker() {
  const chat = current();
  return (chat && host(chat)?.id) ?? firstAwake();
}
