// Talks to the simulators under the page's own address, and shows when they do not answer.

import { byId } from "./dom.js";

async function call(method, path, body) {
  const options = { method };
  if (body !== undefined) {
    options.headers = { "Content-Type": "application/json" };
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options);
  if (!response.ok) throw new Error(await reason(response));
  return response.json();
}

async function reason(response) {
  const fallback = `The demo answered with status ${response.status}.`;
  const body = await response.json().catch(() => ({}));
  return body.error?.message ?? body.message ?? fallback;
}

export const get = (path) => call("GET", path);
export const post = (path, body = {}) => call("POST", path, body);
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export function showTrouble(error) {
  const line = byId("trouble");
  const gone = error instanceof TypeError;
  line.textContent = gone ? "The demo does not answer. Is it still running?" : error.message;
  line.hidden = false;
}

export function hideTrouble() {
  byId("trouble").hidden = true;
}
