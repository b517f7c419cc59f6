// Puts the agent's desktop together: who one is, the list of chats, the open chat, what is known of it.

import { el, setText } from "./dom.js";
import { barView } from "./desk-bar.js";
import { chatView } from "./desk-chat.js";
import { drawDetails } from "./desk-details.js";
import { drawList, tick } from "./desk-list.js";

const SECOND = 1000;

/**
 * @param {{desk: string, typing: boolean}} config
 * @param {Record<string, (...given: any[]) => any>} deeds
 */
export function deskView(config, deeds) {
  const bar = barView(config, deeds);
  const banner = el("p", { class: "banner", role: "alert", hidden: true });
  const news = el("p", { class: "unseen", role: "status" });
  const list = el("nav", { class: "chats", "aria-label": "Chats", tabIndex: -1 });
  const chat = chatView(config, deeds);
  const details = el("aside", { class: "details", "aria-label": "About this chat" });
  const root = el(
    "section",
    { class: "desk none", "aria-label": "Agent desk" },
    bar.root,
    banner,
    news,
    el("div", { class: "desk-body" }, list, chat.root, details),
  );
  let waited = 0;
  setInterval(() => tick(list), SECOND);

  return {
    root,
    draw(desk) {
      bar.draw(desk);
      drawList(list, desk, deeds);
      const current = desk.current();
      chat.draw(current, desk);
      drawDetails(details, current);
      root.classList.toggle("none", current === null);
      waited = announce(news, desk, waited);
    },
    draft: chat.draft,
    setDraft: chat.setDraft,
    focusReply: chat.focus,
    focusList: () => (list.querySelector("[aria-current=true]") ?? list).focus(),
    setByHand: bar.setByHand,
    setBanner(text) {
      setText(banner, text);
      banner.hidden = !text;
    },
  };
}

// Whoever does not look at the list hears that somebody has come.
function announce(news, desk, before) {
  const waiting = desk.since.size;
  if (waiting > before) setText(news, `${waiting === 1 ? "Somebody is" : `${waiting} people are`} waiting`);
  if (!waiting) setText(news, "");
  document.title = document.title.replace(/^(\(\d+\) )?/, waiting ? `(${waiting}) ` : "");
  return waiting;
}
