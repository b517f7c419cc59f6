// Reads an answer of the bot: where the handoff stands, and whose words each line is.

const OPEN = ["requested", "waiting", "active"];
const OVER = ["closed", "failed"];
// An agent's words come as "<name>: <text>"; sentences of the bridge begin with no such name.
const SPEAKER = /^(\p{Lu}[\p{L}\p{M}.'’-]*(?: \p{L}[\p{L}\p{M}.'’-]*){0,2}): ([^]*)$/u;

export const isOpen = (state) => OPEN.includes(state);

// CX keeps our parameters in the session, ES in the context `handoff`, which ends with it.
export function handoffOf(answer) {
  const context = (answer.contexts ?? []).find((one) => one.name === "handoff");
  const parameters = answer.contexts ? (context?.parameters ?? {}) : (answer.parameters ?? {});
  return {
    state: parameters.handoff_state ?? "none",
    agent: parameters.handoff_agent ?? "",
    position: parameters.handoff_position,
  };
}

export function linesOf(answer, before, after) {
  const texts = answer.messages.map((message) => message.text).filter(Boolean);
  const fromTheBridge = isOpen(before) || isOpen(after) || OVER.includes(after);
  return texts.map((text) => (fromTheBridge ? fromPerson(text) : { who: "bot", name: "Bot", text }));
}

function fromPerson(text) {
  const match = SPEAKER.exec(text);
  return match ? { who: "agent", name: match[1], text: match[2] } : { who: "notice", text };
}
