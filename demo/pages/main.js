// Starts what a page shows: the customer's side, the agents', or both with a panel to break things.

import { get, troubleOf } from "./api.js";
import { Customer } from "./customer.js";
import { customersView } from "./customers.js";
import { Desk } from "./desk.js";
import { byId, el } from "./dom.js";
import { startLab } from "./lab.js";
import { themeButton } from "./theme.js";

async function start() {
  const config = await get("/config.json");
  config.pictures = [location.origin, ...config.pictures.filter(Boolean)];
  const facts = [`Dialogflow ${config.dialect}`, config.desk, config.store];
  byId("facts").append(...facts.map((fact) => el("li", { textContent: fact })));
  const desk = byId("desk") && new Desk(config);
  const customers = byId("customer") && customersView((slot) => new Customer(slot, config));
  if (customers) byId("customer").append(customers.root);
  if (desk) byId("desk").append(desk.view.root);
  if (byId("lab")) byId("lab").append(startLab(config, () => customers.all(), desk).root);
  await Promise.all([customers?.start(), desk?.start()]);
}

byId("theme").append(themeButton());
start().catch((error) => {
  byId("trouble").textContent = troubleOf(error);
  byId("trouble").hidden = false;
});
