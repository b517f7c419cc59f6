// The list of chats at the desk: who waits, whose turn it is, what is over.

import { avatar, el, redraw } from "./dom.js";
import { customerOf, hostOf, isWaiting, snippetOf } from "./history.js";
import { since, time } from "./text.js";

/**
 * @param {HTMLElement} list
 * @param {import("./desk.js").Desk} desk
 * @param {{select: (id: string) => void, accept: (id: string) => void}} deeds
 */
export function drawList(list, desk, deeds) {
  const rows = desk.chats.map((chat) => row(chat, desk));
  redraw(list, [rows, desk.selected, desk.me], () => sections(desk, rows).map((one) => section(one, desk, deeds)));
}

function row(chat, desk) {
  const host = hostOf(chat);
  return {
    id: chat.id,
    name: customerOf(chat),
    snippet: snippetOf(chat),
    groups: chat.groups.join(", "),
    host: host?.name ?? "",
    at: chat.events.findLast((event) => event.created_at)?.created_at ?? "",
    unread: desk.unread(chat),
    place: placeOf(chat, desk),
  };
}

function placeOf(chat, desk) {
  if (chat.state === "closed") return "closed";
  if (isWaiting(chat)) return desk.isForMe(chat) ? "waiting" : "elsewhere";
  return desk.isMine(chat) ? "mine" : "colleagues";
}

function sections(desk, rows) {
  const of = (place) => rows.filter((one) => one.place === place);
  return [
    { title: "Waiting for you", name: "waiting", rows: of("waiting"), empty: "Nobody is waiting" },
    { title: "Your chats", name: "mine", rows: of("mine").reverse(), empty: "None yet" },
    { title: "Waiting for others", name: "elsewhere", rows: of("elsewhere") },
    { title: "With colleagues", name: "colleagues", rows: of("colleagues") },
    { title: "Closed", name: "closed", rows: of("closed").reverse() },
  ].filter((one) => one.rows.length || one.empty);
}

function section({ title, name, rows, empty }, desk, deeds) {
  const heading = el("h3", { id: `chats-${name}` }, title, " ", el("span", { class: "count", textContent: String(rows.length) }));
  const items = rows.length
    ? el("ul", { "aria-labelledby": `chats-${name}` }, ...rows.map((one) => item(one, name, desk, deeds)))
    : el("p", { class: "small empty", textContent: empty });
  return el("section", { class: `chats-section ${name}` }, heading, items);
}

function item(one, section, desk, deeds) {
  const waits = section === "waiting" || section === "elsewhere";
  const side = waits ? waiting(desk.since.get(one.id)) : one.at ? time(one.at) : "";
  const about = { waiting: one.groups, elsewhere: one.groups, colleagues: `with ${one.host}` }[section];
  const open = el(
    "button",
    {
      type: "button",
      class: "chat-item",
      "data-key": one.id,
      "aria-current": String(one.id === desk.selected),
      on: { click: () => deeds.select(one.id) },
    },
    avatar(one.name, "customer"),
    el("span", { class: "chat-name" }, el("bdi", { textContent: one.name })),
    el("span", { class: "chat-side" }, side),
    el("span", { class: "snippet", dir: "auto", textContent: one.snippet }),
    one.unread > 0 ? el("span", { class: "unread", "aria-label": `${one.unread} unread`, textContent: String(one.unread) }) : null,
    about ? el("span", { class: "small about", textContent: about }) : null,
  );
  return el("li", {}, open, waits ? acceptButton(one, deeds) : null);
}

function acceptButton(one, deeds) {
  return el("button", {
    type: "button",
    class: "accept",
    "data-key": `accept ${one.id}`,
    "aria-label": `Accept the chat with ${one.name}`,
    textContent: "Accept",
    on: { click: () => deeds.accept(one.id) },
  });
}

const waiting = (at) => el("span", { class: "clock", "data-since": String(at), textContent: since(Date.now() - at) });

/** Lets the waiting times go on between two changes. */
export function tick(list) {
  for (const clock of list.querySelectorAll("[data-since]")) {
    clock.textContent = since(Date.now() - Number(clock.dataset.since));
  }
}
