// Breaks things on purpose, and counts in both transcripts what became of every message.

import { get, post, troubleOf } from "./api.js";
import { el, icon, setText } from "./dom.js";
import { compare, customersView, desksView, sum } from "./tally.js";

const FAULTS = "/vendor/desk/faults";
const MANY = 100_000;
const AGAIN_MS = 1000;
const LINES = 10;

const SWITCHES = [
  {
    name: "slow",
    label: "Slow",
    about: (desk) => `${desk} answers every call two seconds late.`,
    effect: () => "It takes longer, and everybody can go on writing.",
    set: (on) => post(FAULTS, { slow: on ? 2 : null }),
    isOn: (now) => now.slow.length > 0,
  },
  {
    name: "down",
    label: "Down",
    about: (desk) => `${desk} answers every call with an error.`,
    effect: (desk) => `What the customer writes waits with us, and goes out as soon as ${desk} is back.`,
    set: (on) => post(FAULTS, { fail: on ? { times: MANY } : null }),
    isOn: (now) => now.fail.length > 0,
  },
  {
    name: "repeat",
    label: "Repeat",
    about: (desk) => `${desk} sends every webhook twice, Dialogflow every call.`,
    effect: () => "Everything comes twice, and is shown once.",
    set: (on) => Promise.all([post(FAULTS, { repeat: on ? 2 : null }), post("/bot/faults", { repeat: on })]),
    isOn: (now) => now.repeat > 1,
  },
  {
    name: "disorder",
    label: "Disorder",
    about: (desk) => `${desk} sends webhooks a second late, in another order.`,
    effect: () => "The customer reads in the order in which the webhooks came.",
    set: (on) => post(FAULTS, { disorder: on ? 1 : null }),
    isOn: (now) => Boolean(now.disorder),
  },
];

const COLUMNS = [
  ["written", "written"],
  ["arrived", "arrived"],
  ["underway", "on the way"],
  ["lost", "lost"],
  ["doubled", "doubled"],
  ["disordered", "out of order"],
];
const BAD = ["lost", "doubled"];

/**
 * @param {{desk: string, undelivered: string[], leave: string[]}} config
 * @param {() => import("./customer.js").Customer[]} customers
 * @param {import("./desk.js").Desk} desk
 */
export function startLab(config, customers, desk) {
  const on = new Set();
  const says = el("p", { class: "lab-says", role: "status" });
  const table = countTable();
  const both = el("button", { type: "button", class: "quiet", textContent: `Let both write ${LINES} lines` });
  const switches = SWITCHES.map((one) => toggle(one, config, on, () => drawSays()));
  const root = el(
    "section",
    { class: "lab", "aria-label": "Break something" },
    el("div", { class: "lab-break" },
      el("h2", {}, "Break something"),
      el("div", { class: "switches", role: "group", "aria-label": "What goes wrong" }, ...switches.map((one) => one.root)),
      el("div", { class: "lab-row" }, both, says),
    ),
    table.root,
  );
  const seenAt = new Map();
  const since = (id) => seenAt.get(id) ?? seenAt.set(id, Date.now()).get(id);

  function drawSays() {
    const active = SWITCHES.filter((one) => on.has(one.name));
    const calm = "Everything works. Switch something on, write on both sides, and watch the numbers.";
    setText(says, active.length ? active.map((one) => one.effect(config.desk)).join(" ") : calm);
    says.classList.toggle("broken", active.length > 0);
  }

  function count() {
    const moment = { now: Date.now(), broken: on.size > 0 };
    const [out, back] = [[], []];
    for (const { memory } of customers()) {
      if (!memory) continue;
      const [page, their] = [customersView(memory, config.leave), desksView(desk.chats, memory.email, since)];
      const told = memory.lines.filter((line) => line.who === "notice" && config.undelivered.includes(line.text)).length;
      const there = compare(page.wrote, their.saw, moment);
      out.push({ ...there, lost: Math.max(0, there.lost - told) });
      back.push(compare(their.wrote, page.saw, moment));
    }
    table.draw(sum(out), sum(back));
    const mayWrite = customers().some((one) => one.memory?.state === "active") && desk.isMine(desk.current());
    both.disabled = !mayWrite || both.dataset.busy === "yes";
    both.title = mayWrite ? "" : "Accept a chat first";
  }

  both.addEventListener("click", async () => {
    both.dataset.busy = "yes";
    const chat = desk.current();
    const customer = customers().find((one) => one.memory.email === chat.customer.email);
    const round = Date.now().toString(36).slice(-3);
    for (let number = 1; customer && number <= LINES; number += 1) {
      customer.say(`Customer’s line ${number} of ${LINES} (${round})`, { focus: false });
      await desk.act("say", { agent: desk.me, text: `Agent’s line ${number} of ${LINES} (${round})`, visibility: "all" }, chat.id);
    }
    both.dataset.busy = "";
    count();
  });
  drawSays();
  refresh(switches, on, drawSays);
  setInterval(count, AGAIN_MS);
  desk.onChange = count;
  return { root, count };
}

async function refresh(switches, on, draw) {
  try {
    const now = await get(FAULTS);
    for (const one of switches) {
      one.box.checked = one.fault.isOn(now);
      if (one.box.checked) on.add(one.fault.name);
    }
    draw();
  } catch (error) {
    switches.forEach((one) => one.tell(troubleOf(error)));
  }
}

function toggle(fault, config, on, changed) {
  const box = el("input", { type: "checkbox", role: "switch" });
  const about = el("small", { textContent: fault.about(config.desk) });
  box.addEventListener("change", async () => {
    if (box.checked) on.add(fault.name);
    else on.delete(fault.name);
    changed();
    await fault.set(box.checked).catch((error) => setText(about, troubleOf(error)));
  });
  const root = el("label", { class: `fault ${fault.name}` }, box, el("span", {}, el("strong", { textContent: fault.label }), about));
  return { root, box, fault, tell: (text) => setText(about, text) };
}

function countTable() {
  const head = el("tr", {}, el("td"), ...COLUMNS.map(([, title]) => el("th", { scope: "col", textContent: title })));
  const rows = ["Customer to desk", "Desk to customer"].map((title) => {
    const cells = Object.fromEntries(COLUMNS.map(([name]) => [name, el("td", { textContent: "0", class: name })]));
    return { cells, root: el("tr", {}, el("th", { scope: "row", textContent: title }), ...Object.values(cells)) };
  });
  const verdict = el("p", { class: "verdict", role: "status" });
  const root = el(
    "div",
    { class: "lab-count" },
    el("table", {}, el("caption", { class: "unseen", textContent: "What became of every message" }), el("thead", {}, head), el("tbody", {}, ...rows.map((row) => row.root))),
    verdict,
  );
  function draw(...counts) {
    counts.forEach((count, place) => {
      for (const [name] of COLUMNS) {
        const cell = rows[place].cells[name];
        setText(cell, String(count[name]));
        cell.classList.toggle("bad", BAD.includes(name) && count[name] > 0);
        cell.classList.toggle("busy", !BAD.includes(name) && name !== "written" && name !== "arrived" && count[name] > 0);
      }
    });
    drawVerdict(verdict, sum(counts));
  }
  return { root, draw };
}

function drawVerdict(verdict, all) {
  const [kind, picture, words] = verdictOn(all);
  if (verdict.dataset.kind === kind && verdict.textContent === words) return;
  verdict.dataset.kind = kind;
  verdict.replaceChildren(icon(picture), words);
}

// The order in which a vendor's webhooks come is the order in which the customer reads.
function verdictOn(all) {
  if (BAD.some((name) => all[name] > 0)) return ["bad", "alert", "Something went wrong on the way."];
  if (all.underway) return ["busy", "clock", "Some are on the way. Nothing is lost."];
  if (all.disordered) return ["good", "check", "Nothing lost, nothing doubled; read in the order of the webhooks."];
  if (all.written) return ["good", "check", "Both sides have read the same, once and in order."];
  return ["", "check", "Nothing was written yet."];
}
