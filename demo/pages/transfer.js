// Asks whom a chat is to be passed on to.

import { avatar, el } from "./dom.js";
import { customerOf, hostOf } from "./history.js";

const STATUS = { accepting_chats: "there", not_accepting_chats: "pausing", offline: "away" };

/**
 * @param {object} chat
 * @param {{agents: object[], groups: object[]}} staff
 * @param {string} me
 * @returns {Promise<{to_group: any} | {to_agent: string} | null>}
 */
export function chooseTarget(chat, { agents, groups }, me) {
  const host = hostOf(chat)?.id ?? me;
  const others = agents.filter((agent) => agent.email !== host);
  const targets = [
    ...others.map((agent) => option(agent.name, STATUS[agent.status] ?? "", { to_agent: agent.email }, avatar(agent.name))),
    ...groups.map((group) => option(group.name, "waits there until somebody accepts", { to_group: group.id }, avatar(group.name, "group"))),
  ];
  const dialog = el(
    "dialog",
    { class: "question", "aria-labelledby": "transfer-title" },
    el(
      "form",
      { method: "dialog" },
      el("h2", { id: "transfer-title" }, "Pass ", el("bdi", { textContent: customerOf(chat) }), " on to"),
      el("div", { class: "targets" }, ...targets),
      el("div", { class: "buttons" }, el("button", { class: "quiet", value: "", textContent: "Cancel" })),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue ? JSON.parse(dialog.returnValue) : null);
    });
  });
}

function option(name, about, value, face) {
  return el(
    "button",
    { class: "target", value: JSON.stringify(value) },
    face,
    el("span", {}, el("bdi", { textContent: name }), el("small", { textContent: about })),
  );
}
