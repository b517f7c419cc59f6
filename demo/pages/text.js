// Turns what people wrote, times and sizes into something to look at, never into markup.

import { el } from "./dom.js";

// Marks of direction end an address: behind them another one could be made to appear.
const ADDRESS = /https?:\/\/[^\s<>"'\u200e\u200f\u202a-\u202e\u2066-\u2069]+/giu;
const NOT_ITS_END = /[.,;:!?)\]}…]+$/u;

/** Only addresses of the web are followed: `javascript:` and the like stay text. */
export function webAddress(text) {
  try {
    const url = new URL(text);
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : null;
  } catch {
    return null;
  }
}

/** Whether an address lies at one of the origins. */
export function isFrom(address, origins) {
  const href = webAddress(address ?? "");
  return href !== null && origins.includes(new URL(href).origin);
}

/** A link that leads out, without telling where from. */
export function link(href, ...children) {
  return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** The paragraph that shows somebody's words, each direction of writing kept to itself. */
export function words(text, kind = "text") {
  return el("span", { class: kind, dir: "auto" }, ...withLinks(text));
}

function withLinks(text) {
  const parts = [];
  let end = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const address = found[0].replace(NOT_ITS_END, "");
    const href = webAddress(address);
    if (!href) continue;
    parts.push(text.slice(end, found.index), link(href, address));
    end = found.index + address.length;
  }
  return [...parts, text.slice(end)];
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

/** @param {string | number} at */
export function time(at) {
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? null : el("time", { datetime: date.toISOString(), textContent: CLOCK.format(date) });
}

const UNITS = ["bytes", "kB", "MB", "GB"];

export function sizeOf(bytes) {
  if (!Number.isFinite(bytes)) return "";
  let [value, unit] = [bytes, 0];
  while (value >= 1000 && unit < UNITS.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A wait in the words of somebody who does not promise too much. */
export function waitOf(seconds) {
  if (!Number.isFinite(seconds) || seconds <= 0) return "";
  if (seconds < 60) return "less than a minute";
  const minutes = Math.round(seconds / 60);
  return minutes === 1 ? "about a minute" : `about ${minutes} minutes`;
}

export function since(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}
