// Several customers of one shop, each in a chat of their own, as tabs.

import { el, icon, redraw } from "./dom.js";
import { slots } from "./memory.js";

// More would use up the connections that a browser has for one server.
const MOST = 3;

/** @param {(slot: number) => import("./customer.js").Customer} make */
export function customersView(make) {
  const all = slots().map(make);
  let shown = all[0];
  const tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Customers" });
  const add = el("button", { type: "button", class: "quiet another", on: { click: another } }, icon("plus"), "Another customer");
  const stage = el("div", { class: "stage" });
  const root = el("div", { class: "customers" }, el("div", { class: "tabs-row" }, tabs, add), stage);

  function place(customer) {
    const panel = customer.view.root;
    panel.id = `customer-${customer.slot}`;
    panel.setAttribute("role", "tabpanel");
    customer.watch(draw);
    stage.append(panel);
  }

  function show(customer, focus) {
    shown = customer;
    customer.seen = customer.memory?.lines.length ?? 0;
    draw();
    if (focus) tabs.querySelector("[aria-selected=true]").focus();
  }

  function draw() {
    if (shown.memory) shown.seen = shown.memory.lines.length;
    const about = all.map((one) => [one.slot, one.memory?.name ?? "", one === shown, (one.memory?.lines.length ?? 0) > (one.seen ?? 0)]);
    redraw(tabs, about, () => all.map((one, place) => tab(one, about[place])));
    for (const one of all) one.view.root.hidden = one !== shown;
    for (const one of all) one.view.root.setAttribute("aria-label", `Chat of ${one.memory?.name ?? "a customer"}`);
    add.hidden = all.length >= MOST;
  }

  function tab(customer, [slot, name, selected, news]) {
    return el(
      "button",
      {
        type: "button",
        role: "tab",
        tabIndex: selected ? 0 : -1,
        "data-key": `tab ${slot}`,
        "aria-selected": String(selected),
        "aria-controls": `customer-${slot}`,
        on: { click: () => show(customer, true), keydown: (event) => move(event, customer) },
      },
      el("bdi", { textContent: name.split(" ")[0] }),
      news ? el("span", { class: "dot", role: "img", "aria-label": "new messages" }) : null,
    );
  }

  function move(event, customer) {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    show(all[(all.indexOf(customer) + step + all.length) % all.length], true);
  }

  async function another() {
    const customer = make(Math.max(...all.map((one) => one.slot)) + 1);
    all.push(customer);
    place(customer);
    show(customer, false);
    await customer.start();
    customer.view.textarea.focus();
  }

  all.forEach(place);
  draw();
  return { root, all: () => all, start: () => Promise.all(all.map((one) => one.start())) };
}
