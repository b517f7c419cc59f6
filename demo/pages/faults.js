// Lets things go wrong on purpose: at the vendor, on the way of its webhooks, and at Dialogflow.

import { get, post, showTrouble } from "./api.js";
import { byId, el } from "./dom.js";

const VENDOR = "/vendor/desk/faults";
const SWITCHES = [
  { label: "The vendor answers 2 s late", on: { slow: 2 }, off: { slow: null }, isOn: (now) => now.slow.length > 0 },
  { label: "Webhooks come twice", on: { repeat: 2 }, off: { repeat: null }, isOn: (now) => now.repeat > 1 },
  { label: "Webhooks overtake each other", on: { disorder: 1 }, off: { disorder: null }, isOn: (now) => Boolean(now.disorder) },
];

export async function startFaults() {
  try {
    const now = await get(VENDOR);
    const vendor = SWITCHES.map((one) => toggle(one.label, one.isOn(now), (on) => post(VENDOR, on ? one.on : one.off)));
    const repeat = toggle("Dialogflow calls twice", false, (on) => post("/bot/faults", { repeat: on }));
    byId("faults").append(...vendor, repeat, failNext());
    // The simulated Dialogflow does not tell its faults: begin with what the switch shows.
    await post("/bot/faults", { repeat: false });
  } catch (error) {
    showTrouble(error);
  }
}

function toggle(label, checked, set) {
  const box = el("input", { type: "checkbox", checked });
  box.addEventListener("change", () => set(box.checked).catch(showTrouble));
  return el("label", { class: "switch" }, box, ` ${label}`);
}

function failNext() {
  const button = el("button", { type: "button", class: "quiet", textContent: "Fail the next call to the vendor" });
  button.addEventListener("click", () => post(VENDOR, { fail: { times: 1 } }).catch(showTrouble));
  return button;
}
