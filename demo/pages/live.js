// The straight way to the agent: wraps the product's own browser client for one customer of this page.

import { connect, resume } from "./handoff/handoff-client.js";
import { storeOf } from "./memory.js";

const LAST = ["closed", "failed", "lost"];

/**
 * @param {number} slot
 * @param {object} tell what the customer's side wants to hear: `line`, `state`, `typing`, `connection`, `delivered`,
 *   `undelivered`
 */
export function liveFor(slot, tell) {
  let handle = null;
  let knows = false;
  const store = storeOf(slot, (texts) => tell.delivered(texts));

  const callbacks = {
    onMessage: (event) => line(event, { who: "agent", name: nameOf(event), text: event.text, live: true }),
    onFile: (event) => line(event, { who: "agent", name: nameOf(event), text: "", file: fileOf(event) }),
    onNotice: (event) => line(event, { who: "notice", text: event.text }),
    onState: (event) => {
      knows = true;
      if (LAST.includes(event.state)) handle = null;
      tell.state(event);
    },
    onTyping: (event) => tell.typing(event.typing ? nameOf(event) : ""),
    onConnection: tell.connection,
    onUndelivered: tell.undelivered,
  };

  function line(event, more) {
    tell.line({ id: `${handle?.id}/${event.id}`, at: Date.parse(event.at) || Date.now(), ...more });
  }

  function begin(made) {
    if (made?.id !== handle?.id) knows = false;
    handle = made;
    return handle !== null;
  }

  return {
    get handle() {
      return handle;
    },
    /** Whether the handoff has said itself how it stands. */
    get knows() {
      return handle !== null && knows;
    },
    connect: (payload) => begin(connect(payload, callbacks, store)),
    resume: () => begin(resume(callbacks, store)),
    /** Stops listening, and forgets what the client has kept. */
    forget() {
      handle?.close();
      handle = null;
      store.clear();
    },
  };
}

const nameOf = (event) => event.agent?.name || "A colleague";

const fileOf = (event) => ({ name: event.name, size: event.size, type: event.content_type, url: event.url });
