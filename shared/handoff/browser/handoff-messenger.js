// @ts-check
/*! handoff-messenger 1.0.0: brings a live agent into CX Messenger (df-messenger) on this page. */
(() => {
  /** @typedef {import("./handoff-client.js").Payload} Payload */
  /** @typedef {import("./handoff-client.js").Handle} Handle */
  /** @typedef {import("./handoff-client.js").Callbacks} Callbacks */

  const ONCE = Symbol.for("handoff-messenger");
  const PATIENCE = 20e3;
  // An earlier handoff of this session is over, and its last words are on the way.
  const LAST_WORDS = 10e3;
  const OVER = ["closed", "failed", "lost"];
  // An address, which stays as it is, or a sign that means something in Markdown or HTML.
  const ADDRESS =
    /\b(?:https?:\/\/|www\.)[a-z0-9.-]+[^\s<]*|[a-z0-9.+-][\w.+-]{0,63}@[\w-]{1,63}\.[a-z0-9.-]{1,190}|[\\`*_~[<]|&(?=#?\w+;)/gi;
  if (Reflect.has(window, ONCE)) return;
  Reflect.set(window, ONCE, true);

  const found = document.currentScript ?? document.querySelector('script[src*="handoff-messenger"]');
  const script = /** @type {HTMLScriptElement | null} */ (found);
  const { returnEvent = "agent_reply_ready", undelivered = "Not delivered:" } = script?.dataset ?? {};
  // A classic script from another origin has no address of its own for `import`.
  /** @type {Promise<typeof import("./handoff-client.js")>} */
  const client = import(script?.src ? new URL("handoff-client.js", script.src).href : "./handoff-client.js");
  client.catch(() => {}); // whoever needs it will see

  /** @type {any} the widget that the handoff began in */
  let widget = null;
  /** @type {Handle | undefined} */
  let chat;
  /** @type {string[]} typed before the client was there */
  let early = [];
  // From the first moment after a reload nothing that is typed may reach the bot.
  let open = isStored();
  let reached = false;
  let since = Date.now();

  /** @type {Callbacks} */
  const callbacks = {
    onMessage(event) {
      const name = plain(event.agent?.name);
      say(name ? `${name}: ${event.text}` : event.text);
      publish("handoff-message", event);
    },
    onFile({ url, name, agent }) {
      const title = plain(name) || "file";
      if (!/^https?:\/\//i.test(url)) return say(title);
      const subtitle = plain(agent?.name);
      return widget?.renderCustomCard?.([{ type: "info", title, subtitle, anchor: { href: url, target: "_blank" } }]);
    },
    onNotice({ text }) {
      say(text);
    },
    onTyping({ typing }) {
      showTyping(typing);
    },
    onState(event) {
      publish("handoff-state", event);
      // An earlier handoff may end while its successor has begun.
      if (!OVER.includes(chat?.state() ?? event.state)) return;
      chat = undefined;
      open = false;
      if (returnEvent && event.state !== "lost") widget?.sendRequest?.("event", returnEvent);
    },
    onConnection(connection) {
      if (connection === "open") reached = true;
    },
    onUndelivered({ text, name }) {
      say(`${undelivered} ${text || plain(name)}`);
    },
  };

  addEventListener("df-messenger-loaded", resume);
  customElements.whenDefined("df-messenger").then(resume);

  addEventListener("df-response-received", (event) => {
    const payload = handoffIn(/** @type {CustomEvent} */ (event).detail);
    if (!payload) return;
    widget = widgetOf(event) ?? widget;
    if (chat && chat.id !== payload.id) setTimeout(chat.close, LAST_WORDS);
    follow(({ connect }) => connect(payload, callbacks));
  });

  addEventListener("df-request-sent", (event) => {
    const text = typedIn(/** @type {CustomEvent} */ (event).detail);
    // Without a way to us the text goes through Dialogflow, which relays it too.
    const unreachable = !reached && Date.now() - since > PATIENCE;
    if (!open || !text || event.defaultPrevented || unreachable) return;
    event.preventDefault();
    if (chat) chat.send(text);
    else early.push(text);
  });

  // What is typed, and a file that is added: the widget has no use for it itself.
  addEventListener("input", (event) => {
    if (chat && widgetOf(event)) chat.typing(true);
  });
  addEventListener("df-user-input-entered", (event) => {
    const { file } = /** @type {CustomEvent} */ (event).detail ?? {};
    if (!chat || !(file instanceof File) || event.defaultPrevented) return;
    widget?.renderCustomText(file.name, false);
    chat.sendFile(file);
  });

  function resume() {
    if (!widget?.isConnected) widget = document.querySelector("df-messenger");
    if (widget && open && !chat) follow((module) => module.resume(callbacks));
  }

  /** @param {(module: typeof import("./handoff-client.js")) => Handle | null} begin */
  function follow(begin) {
    if (!open) [since, reached] = [Date.now(), false];
    open = true;
    client
      .then((module) => begin(module) ?? undefined)
      .catch(() => undefined)
      .then((handle) => {
        chat = handle;
        open = Boolean(handle);
        hand();
      });
  }

  function hand() {
    for (const text of early) {
      if (chat) chat.send(text);
      else callbacks.onUndelivered?.({ id: "", text, error: "closed" });
    }
    early = [];
  }

  function isStored() {
    try {
      return Object.entries(sessionStorage).some(([key, value]) => key.startsWith("handoff:") && JSON.parse(value).token);
    } catch {
      return false;
    }
  }

  /** @param {Event} event */
  function widgetOf(event) {
    return event.composedPath().find((one) => one instanceof Element && one.localName === "df-messenger");
  }

  /**
   * @param {any} detail
   * @returns {Payload | undefined}
   */
  function handoffIn(detail) {
    const { responseMessages, webhookPayloads } = detail?.raw?.queryResult ?? {};
    return [responseMessages, webhookPayloads, detail?.data?.messages]
      .flatMap((list) => (Array.isArray(list) ? list : []))
      .map((one) => one?.payload?.handoff ?? one?.handoff)
      .find((one) => one?.id && one.url && one.token && !["closed", "failed"].includes(one.state));
  }

  /** @param {any} detail */
  function typedIn(detail) {
    const body = detail?.data?.requestBody ?? detail?.requestBody;
    return /** @type {string | undefined} */ (body?.queryInput?.text?.text);
  }

  /** @param {string} text */
  function say(text) {
    showTyping(false);
    widget?.renderCustomText(literal(text), true);
  }

  /** @param {boolean} typing */
  function showTyping(typing) {
    const lists = widget?.getMessageConsumers?.().filter((/** @type {any} */ list) => "showBotWriting" in list) ?? [];
    // `botWriting` also keeps the customer from sending.
    for (const list of lists) list.showBotWriting = typing;
    if (!lists.length && widget && "botWriting" in widget) widget.botWriting = typing;
  }

  /**
   * Escape what the widget would take for Markdown or HTML; addresses stay links.
   * @param {string} text
   */
  function literal(text) {
    return `${text}`
      .replace(/\0/g, "\ufffd")
      .replace(/\r\n?/g, "\n")
      .replace(/^[ \t\xa0]+/gm, (space) => "\u2002".repeat(space.length))
      .replace(ADDRESS, (part) => (/^[\\`*_~[<&]$/.test(part) ? `\\${part}` : part))
      .replace(/^(\d{1,9})(?=[.)](\s|$))/gm, "$1\\")
      .replace(/^(?=[-+=:#>|])/gm, "\\");
  }

  /**
   * A name, without what would reorder or hide the text around it.
   * @param {string | undefined} name
   */
  function plain(name) {
    return `${name ?? ""}`.replace(/[\0-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "").trim();
  }

  /**
   * @param {string} name
   * @param {object} detail
   */
  function publish(name, detail) {
    dispatchEvent(new CustomEvent(name, { detail }));
  }
})();
