// Asks Dialogflow, and reads in its answer where the handoff stands and whose words each line is.

import { post } from "./api.js";

const OPEN = ["requested", "waiting", "active"];
const OVER = ["closed", "failed"];
// An agent's words come as "<name>: <text>"; sentences of the bridge begin with no such name.
const SPEAKER = /^(\p{Lu}[\p{L}\p{M}.'’-]*(?: \p{L}[\p{L}\p{M}.'’-]*){0,2}): ([^]*)$/u;

export const isOpen = (state) => OPEN.includes(state);

/**
 * @typedef {{state: string, agent: string, position?: number, wait?: number}} Standing
 * @typedef {{id: string, state: string, url: string, token: string}} Payload
 * @typedef {{lines: object[], standing: Standing, payload: Payload | null}} Answer
 */

/**
 * One turn with the bot.
 * @param {{session: string, name: string, email: string, state: string}} customer
 * @param {{text?: string, event?: string}} query
 * @returns {Promise<Answer>}
 */
export async function ask(customer, query) {
  const parameters = { customer_name: customer.name, customer_email: customer.email };
  const answer = await post(`/bot/sessions/${customer.session}/query`, { ...query, parameters });
  const standing = standingIn(answer);
  return { standing, lines: linesOf(answer, customer.state, standing.state), payload: payloadIn(answer) };
}

// CX keeps our parameters in the session, ES in the context `handoff`, which ends with it.
function standingIn(answer) {
  const context = (answer.contexts ?? []).find((one) => one.name === "handoff");
  const parameters = answer.contexts ? (context?.parameters ?? {}) : (answer.parameters ?? {});
  return {
    state: parameters.handoff_state ?? "none",
    agent: parameters.handoff_agent ?? "",
    position: parameters.handoff_position,
    wait: parameters.handoff_wait_seconds,
  };
}

// CX brings a payload among the messages, ES beside them; of several the last one counts.
function payloadIn(answer) {
  const among = answer.messages.map((message) => message.payload);
  const all = [...(answer.payloads ?? []), ...among].map((payload) => payload?.handoff);
  return all.findLast((handoff) => handoff?.id && handoff.url && handoff.token) ?? null;
}

function linesOf(answer, before, after) {
  const texts = answer.messages.map((message) => message.text).filter(Boolean);
  const fromTheBridge = isOpen(before) || isOpen(after) || OVER.includes(after);
  return texts.map((text) => (fromTheBridge ? fromPerson(text) : { who: "bot", name: "Assistant", text }));
}

function fromPerson(text) {
  const match = SPEAKER.exec(text);
  return match ? { who: "agent", name: match[1], text: match[2], live: true } : { who: "notice", text };
}
