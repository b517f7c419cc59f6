// Knows what the events of a desk's chat mean: said, noted, happened, or brought along from the bot.

const HAPPENED = {
  chat_transferred: "Transferred to",
  agent_joined: "Joined:",
  agent_left: "Left:",
  manual_archived_agent: "Closed by",
  manual_archived_customer: "Ended by the customer,",
};
const BROUGHT = /^Before this chat[^\n]*:\n/;
const SPEAKER = /^(Bot|Customer|Agent): /;
const MOST_OF_IT = 120;

/** @typedef {{speaker: string, text: string}} Before */

/**
 * What was said to the bot before this chat, and the events that are of the chat itself.
 * @param {object} chat
 * @returns {{before: Before[], events: object[]}}
 */
export function split(chat) {
  const texts = chat.events.filter((event) => BROUGHT.test(event.text ?? ""));
  if (texts.length) {
    return { before: spoken(texts.at(-1).text), events: chat.events.filter((event) => !texts.includes(event)) };
  }
  // A desk that takes a transcript message by message has it in front of the first line of its own.
  const begin = chat.events.findIndex((event) => event.author === null);
  const brought = chat.events.slice(0, Math.max(0, begin));
  const question = brought.at(-1)?.author.type === "customer" ? 1 : 0;
  const before = brought.slice(0, brought.length - question);
  if (!before.some((event) => event.author.type === "bot")) return { before: [], events: chat.events };
  const lines = before.map((event) => ({ speaker: event.author.type === "bot" ? "Bot" : "Customer", text: event.text }));
  return { before: lines, events: chat.events.slice(before.length) };
}

function spoken(text) {
  const lines = [];
  for (const line of text.replace(BROUGHT, "").split("\n")) {
    const match = SPEAKER.exec(line);
    if (match) lines.push({ speaker: match[1], text: line.slice(match[0].length) });
    else if (lines.length) lines.at(-1).text += `\n${line}`;
  }
  return lines;
}

/** What happened, in words; nothing for an event that somebody said. */
export function happened(event) {
  const known = HAPPENED[event.system_message_type];
  if (known) return `${known} ${Object.values(event.text_vars ?? {}).join(", ")}`;
  return event.text ?? event.name ?? event.type;
}

/** @returns {"notice" | "note" | "customer" | "own"} */
export function kindOf(event) {
  if (!event.author) return "notice";
  if (event.visibility === "agents") return "note";
  return event.author.type === "customer" ? "customer" : "own";
}

/** The files of an event; desks tell of them differently. */
export function filesOf(event) {
  if (event.type === "file") return [{ name: event.name ?? "file", url: event.url, type: event.content_type, size: event.size }];
  return (event.files ?? []).map((file) => ({ name: file.name, url: file.url, type: file.content_type, size: file.size }));
}

/** The latest words for the list of chats. */
export function snippetOf(chat) {
  const last = split(chat).events.findLast((event) => event.author && event.visibility !== "agents");
  if (!last) return "";
  const said = last.text || filesOf(last).map((file) => file.name).join(", ");
  const who = last.author.type === "customer" ? "" : `${last.author.name}: `;
  return `${who}${said}`.slice(0, MOST_OF_IT);
}

export const customerOf = (chat) => chat.customer.name || "A customer";
export const hostOf = (chat) => chat.agents.find((agent) => agent.visibility === "all");
export const isWaiting = (chat) => chat.state === "queued" || chat.state === "unassigned";

/** How many lines the customer has written, to tell which are not seen yet. */
export const writtenIn = (chat) => split(chat).events.filter((event) => event.author?.type === "customer").length;
