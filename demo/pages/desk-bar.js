// The top of the desk: as whom one works, whether one is there, and how chats are given out.

import { avatar, el, redraw } from "./dom.js";

const STATUSES = [
  ["accepting_chats", "Accepting chats", { accepting: true }],
  ["not_accepting_chats", "Pausing", { accepting: false }],
  ["offline", "Away", { offline: true }],
];

export function barView(config, deeds) {
  const people = el("div", { class: "segments", role: "radiogroup", "aria-label": "I am" });
  const options = STATUSES.map(([value, textContent]) => el("option", { value, textContent }));
  const status = el("select", { "aria-label": "My status", class: "status" }, ...options);
  status.addEventListener("change", () => deeds.setStatus(STATUSES.find(([value]) => value === status.value)[2]));
  const hand = el("input", { type: "checkbox", role: "switch" });
  hand.addEventListener("change", () => deeds.setByHand(hand.checked));
  const root = el(
    "header",
    { class: "desk-head" },
    el("h2", {}, el("span", { class: "window-dots", "aria-hidden": "true" }, el("i"), el("i"), el("i")), `${config.desk} desk`),
    el("div", { class: "me" }, el("span", { class: "small", "aria-hidden": "true", textContent: "I am" }), people, status),
    el("label", { class: "switch" }, hand, el("span", { textContent: "Accept by hand" })),
  );
  return {
    root,
    setByHand(byHand) {
      hand.checked = byHand;
    },
    draw(desk) {
      const { agents, groups } = desk.staff;
      redraw(people, [agents, desk.me], () => agents.map((agent) => person(agent, groups, desk.me, deeds)));
      const mine = agents.find((agent) => agent.email === desk.me);
      if (mine && document.activeElement !== status) status.value = mine.status;
      status.dataset.status = mine?.status ?? "";
    },
  };
}

function person(agent, groups, me, deeds) {
  const teams = groups.filter((group) => agent.groups.includes(group.id)).map((group) => group.name);
  const radio = el("input", {
    type: "radio",
    name: "desk-agent",
    value: agent.email,
    checked: agent.email === me,
    class: "unseen",
    "data-key": agent.email,
    on: { change: () => deeds.be(agent.email) },
  });
  return el(
    "label",
    { class: `segment ${agent.status}` },
    radio,
    avatar(agent.name),
    el("span", {}, el("bdi", { textContent: agent.name }), el("small", { textContent: teams.join(", ") })),
  );
}
