// What the customer's side remembers across a reload: the session, its lines, where it stands.

const KEY = "tulip-customer";
const PEOPLE = [
  ["Sam Okafor", "sam.okafor@example.com"],
  ["Ilse de Wit", "ilse.dewit@example.com"],
  ["Noor Haddad", "noor.haddad@example.com"],
  ["Jonas Berg", "jonas.berg@example.com"],
  ["Lucía Ferrer", "lucia.ferrer@example.com"],
  ["Kofi Mensah", "kofi.mensah@example.com"],
  ["Mei Tanaka", "mei.tanaka@example.com"],
];

export function fresh() {
  const id = Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36)).join("");
  const [name, email] = PEOPLE[Math.floor(Math.random() * PEOPLE.length)];
  return { session: `page-${id}`, name, email, lines: [], state: "none", agent: "" };
}

export function load() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY));
  } catch {
    return null;
  }
}

export function save(memory) {
  sessionStorage.setItem(KEY, JSON.stringify(memory));
}
