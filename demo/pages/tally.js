// Compares both transcripts: what was written on one side with what stands on the other.

import { split, kindOf } from "./history.js";

// So long something may be on its way while nothing is broken, before it counts as lost.
const PATIENCE_MS = 60_000;

/**
 * @typedef {{text: string, at: number}} Written
 * @typedef {{written: number, arrived: number, underway: number, lost: number, doubled: number, disordered: number}} Count
 */

/**
 * Counts one direction. Texts are matched by their words, equal ones by their number.
 * @param {Written[]} written in the order in which they were written
 * @param {string[]} arrived in the order in which they stand on the other side
 * @param {{now: number, broken: boolean}} moment
 * @returns {Count}
 */
export function compare(written, arrived, { now, broken }) {
  const places = placesOf(written);
  const taken = [];
  let doubled = 0;
  for (const text of arrived) {
    const place = places.get(text)?.shift();
    if (place !== undefined) taken.push(place);
    else if (places.has(text)) doubled += 1;
  }
  const missing = [...places.values()].flat().map((place) => written[place]);
  const lost = missing.filter((one) => !broken && now - one.at > PATIENCE_MS).length;
  return {
    written: written.length,
    arrived: taken.length,
    underway: missing.length - lost,
    lost,
    doubled,
    disordered: taken.length - longestInOrder(taken),
  };
}

function placesOf(written) {
  const places = new Map();
  written.forEach(({ text }, place) => places.set(text, [...(places.get(text) ?? []), place]));
  return places;
}

/** How many stand in their order at most: the length of the longest rising row. */
function longestInOrder(places) {
  const ends = [];
  for (const place of places) {
    const at = ends.findIndex((end) => end >= place);
    ends[at < 0 ? ends.length : at] = place;
  }
  return ends.length;
}

/** @param {Count[]} counts */
export function sum(counts) {
  const none = { written: 0, arrived: 0, underway: 0, lost: 0, doubled: 0, disordered: 0 };
  return counts.reduce((all, one) => Object.fromEntries(Object.keys(none).map((key) => [key, all[key] + one[key]])), none);
}

// What people put around a word that they mean as one.
const AROUND = /^[\s.,;:!?¡¿…"']+|[\s.,;:!?¡¿…"']+$/g;

/**
 * What the customer wrote to a person, and what they saw a person write. The words by which they
 * leave are the bridge's own.
 * @param {{lines: any[]}} memory
 * @param {string[]} leave
 */
export function customersView({ lines }, leave) {
  const own = lines.filter(
    (line) =>
      line.who === "you" && line.live && !line.file && line.status !== "failed" &&
      !leave.includes(line.text.replace(AROUND, "").toLowerCase()),
  );
  const seen = lines.filter((line) => line.who === "agent" && !line.file);
  return { wrote: own.map(({ text, at }) => ({ text, at })), saw: seen.map((line) => line.text) };
}

/** What agents wrote to a customer, and what they saw the customer write, in all chats of this customer. */
export function desksView(chats, email, since) {
  const events = chats.filter((chat) => chat.customer.email === email).flatMap((chat) => split(chat).events);
  const texts = (kind) => events.filter((event) => event.text && kindOf(event) === kind && event.type === "message");
  const at = (event) => Date.parse(event.created_at) || since(event.id);
  return {
    wrote: texts("own").filter((event) => event.author.type === "agent").map((event) => ({ text: event.text, at: at(event) })),
    saw: texts("customer").map((event) => event.text),
  };
}
