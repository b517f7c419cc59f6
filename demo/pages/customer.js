// The customer's side: a chat widget that knows Dialogflow and nothing of the desk.

import { get, hideTrouble, pause, post, showTrouble } from "./api.js";
import { byId, composer, el, followEnd } from "./dom.js";
import { fresh, load, save } from "./memory.js";
import { handoffOf, isOpen, linesOf } from "./reading.js";

const POLL_MS = 1000;

let memory = load();
// One turn at a time: answers must be shown in the order of their questions.
let turns = Promise.resolve();

export async function startCustomer(suggestions) {
  byId("suggestions").append(...suggestions.map(chip));
  followEnd(byId("customer-log"));
  composer(byId("customer-form"), byId("customer-text"), say);
  byId("leave").addEventListener("click", leave);
  byId("new-session").addEventListener("click", begin);
  if (memory && (await isKnown(memory.session))) {
    memory.lines.forEach(draw);
    drawState();
  } else {
    begin();
  }
  poll();
}

function begin() {
  if (memory && isOpen(memory.state)) post(pathOf(memory), { event: "customer_leaves" }).catch(showTrouble);
  memory = fresh();
  byId("customer-log").replaceChildren();
  drawState();
  turn({ event: "WELCOME" });
}

function say(text) {
  add({ who: "you", name: "You", text });
  turn({ text });
}

function leave() {
  turn({ event: "customer_leaves" });
}

function turn(query) {
  const { session } = memory;
  const path = pathOf(memory);
  const parameters = { customer_name: memory.name, customer_email: memory.email };
  turns = turns.then(async () => {
    if (session !== memory.session) return;
    try {
      const answer = await post(path, { ...query, parameters });
      if (session === memory.session) take(answer);
      hideTrouble();
    } catch (error) {
      showTrouble(error);
    }
  });
  return turns;
}

const pathOf = ({ session }) => `/bot/sessions/${session}/query`;

function take(answer) {
  const handoff = handoffOf(answer);
  linesOf(answer, memory.state, handoff.state).forEach(add);
  Object.assign(memory, handoff);
  save(memory);
  drawState();
}

async function poll() {
  for (;;) {
    await pause(POLL_MS);
    if (isOpen(memory.state)) await turn({ event: "agent_reply_ready" });
  }
}

async function isKnown(session) {
  return get(`/bot/sessions/${session}`).then(() => true, () => false);
}

function add(line) {
  memory.lines.push(line);
  save(memory);
  draw(line);
}

function draw(line) {
  const author = line.name && line.who !== "you" ? el("span", { class: "author", textContent: line.name }) : null;
  const said = el("span", { class: "text", textContent: line.text });
  byId("customer-log").append(el("li", { class: `line ${line.who}` }, author, said));
}

function drawState() {
  const open = isOpen(memory.state);
  const kind = !open ? "bot" : memory.state === "active" ? "person" : "connecting";
  const place = memory.position ? `, place ${memory.position} in line` : "";
  const words = {
    bot: "With the bot",
    connecting: `Connecting to a person${place}`,
    person: `With ${memory.agent || "a person"}`,
  };
  const line = byId("state");
  line.dataset.state = kind;
  if (line.textContent !== words[kind]) line.textContent = words[kind];
  byId("leave").hidden = !open;
}

function chip(phrase) {
  const button = el("button", { type: "button", textContent: phrase });
  button.addEventListener("click", () => say(phrase));
  return button;
}
