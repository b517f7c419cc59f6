// What the customer's side remembers across a reload: the session, its lines, where it stands.

const PEOPLE = ["Sam Okafor", "Ilse de Wit", "Noor Haddad", "Jonas Berg", "Lucía Ferrer", "Kofi Mensah", "Mei Tanaka"];
const PREFIX = "tulip-customer-";
const MARKS = /\p{M}/gu;

/**
 * @typedef {object} Line
 * @property {string} id
 * @property {"you" | "bot" | "agent" | "notice" | "divider"} who
 * @property {string} text
 * @property {string} [name]
 * @property {number} at
 * @property {"sending" | "sent" | "failed"} [status]
 * @property {boolean} [live] written to or by a person, not the bot
 * @property {{name: string, size?: number, type?: string, url?: string}} [file]
 */

export const newId = () => Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join("");

/** A new customer in a new session; no two have the same address, so that the desk can tell them apart. */
export function fresh(slot) {
  const taken = slots().map((one) => (one === slot ? "" : load(one)?.name));
  const free = PEOPLE.filter((name) => !taken.includes(name));
  const name = free[Math.floor(Math.random() * free.length)];
  const id = newId();
  const plain = name.normalize("NFD").replace(MARKS, "").toLowerCase().replaceAll(" ", ".");
  return {
    session: `page-${id}`,
    name,
    email: `${plain}.${id.slice(0, 4)}@example.com`,
    lines: [],
    state: "none",
    agent: "",
    connected: false,
  };
}

export function load(slot) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + slot));
  } catch {
    return null;
  }
}

export function save(slot, memory) {
  sessionStorage.setItem(PREFIX + slot, JSON.stringify(memory));
}

/** The slots that this tab has had customers in, at least the first. */
export function slots() {
  const known = Object.keys(sessionStorage).filter((key) => key.startsWith(PREFIX));
  const numbers = known.map((key) => Number(key.slice(PREFIX.length))).filter(Number.isInteger);
  return numbers.length ? numbers.sort((a, b) => a - b) : [1];
}

/**
 * A storage of this slot's own, so that several customers in one tab do not resume each other's chats.
 * @param {number} slot
 * @param {(texts: string[]) => void} told hears after every write what still waits to be sent
 */
export function storeOf(slot, told) {
  const prefix = `tulip-chat-${slot}-`;
  const keys = () => Object.keys(sessionStorage).filter((key) => key.startsWith(prefix));
  return {
    getItem: (key) => sessionStorage.getItem(prefix + key),
    setItem(key, value) {
      sessionStorage.setItem(prefix + key, value);
      const { queue = [] } = JSON.parse(value);
      told(queue.map((item) => item.text));
    },
    removeItem: (key) => sessionStorage.removeItem(prefix + key),
    key: (number) => keys()[number]?.slice(prefix.length) ?? null,
    get length() {
      return keys().length;
    },
    clear: () => keys().forEach((key) => sessionStorage.removeItem(key)),
  };
}
