// Starts both sides of the page.

import { get, showTrouble } from "./api.js";
import { startCustomer } from "./customer.js";
import { startDesk } from "./desk.js";
import { byId, el } from "./dom.js";
import { startFaults } from "./faults.js";

async function start() {
  const config = await get("/config.json");
  const facts = [`Dialogflow ${config.dialect}`, config.desk, config.store];
  byId("facts").append(...facts.map((fact) => el("li", { textContent: fact })));
  startCustomer(config.suggestions);
  startDesk();
  startFaults();
}

start().catch(showTrouble);
