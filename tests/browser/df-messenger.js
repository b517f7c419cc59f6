// A stand-in for CX Messenger: the functions, events and storage that handoff-messenger.js relies on.
// What it draws goes through innerHTML unsanitised, so that an unescaped text of an agent would run.

const KEY = "df-messenger-";
const PUNCTUATION = /\\([!-/:-@[-`{-~])/g;

class MessageList extends HTMLElement {
  set showBotWriting(on) {
    this.toggleAttribute("writing", on);
  }
  get showBotWriting() {
    return this.hasAttribute("writing");
  }
}

class DfMessenger extends HTMLElement {
  connectedCallback() {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: "open" });
    this.list = root.appendChild(document.createElement("df-messenger-message-list"));
    this.input = root.appendChild(document.createElement("textarea"));
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      this.enter(this.input.value);
    });
    const known = sessionStorage.getItem(`${KEY}sessionID`);
    this.sessionId = known ?? `dfMessenger-${crypto.randomUUID()}`;
    sessionStorage.setItem(`${KEY}sessionID`, this.sessionId);
    this.history().forEach((utterance) => this.draw(utterance));
    this.fire("df-session-id-set", { sessionId: this.sessionId, isNew: !known });
    queueMicrotask(() => this.fire("df-messenger-loaded", {}));
  }

  set botWriting(on) {
    this.waits = on;
    this.list.showBotWriting = on;
  }
  get botWriting() {
    return Boolean(this.waits);
  }

  getMessageConsumers() {
    return [this.list];
  }

  fire(name, detail) {
    return this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true }));
  }

  enter(input, file) {
    const most = Number(this.getAttribute("max-query-length") ?? 256);
    if (this.waits || (!input && !file) || (most >= 0 && input.length > most)) return;
    if (!this.fire("df-user-input-entered", { ...(input && { input }), ...(file && { file }) })) return;
    if (input) {
      this.renderCustomText(input, false);
      this.sendQuery(input);
    }
    this.input.value = "";
  }

  sendQuery(text) {
    return this.request({ text: { text }, languageCode: this.getAttribute("language-code") });
  }

  sendRequest(kind, value) {
    return kind === "event" ? this.request({ event: { event: value } }) : this.sendQuery(value);
  }

  async request(queryInput) {
    const requestBody = { queryInput, queryParams: { channel: "DF_MESSENGER" } };
    const data = { requestBody };
    if (!this.fire("df-request-sent", { requestBody, data })) return this.received({});
    this.botWriting = true;
    try {
      const address = `${this.getAttribute("api-uri")}/sessions/${this.sessionId}:detectIntent`;
      const answer = await fetch(address, { method: "POST", body: JSON.stringify(data.requestBody) });
      return this.received(await answer.json());
    } catch (error) {
      return this.fire("df-messenger-error", { error });
    } finally {
      this.botWriting = false;
    }
  }

  received(raw) {
    const messages = (raw.queryResult?.responseMessages ?? []).flatMap(({ text, payload }) => [
      ...(text ? [{ type: "text", text: text.text[0] }] : []),
      ...(payload?.richContent ?? []).map((card) => ({ type: "customCard", richElements: card })),
    ]);
    const data = { messages };
    if (!this.fire("df-response-received", { messages, data, raw })) return;
    data.messages.forEach((message) => this.add({ isBot: true, message }));
  }

  renderCustomText(text, isBot = true) {
    this.add({ isBot, message: { type: "text", text } });
  }

  renderCustomCard(richElements) {
    this.add({ isBot: true, message: { type: "customCard", richElements } });
  }

  add(utterance) {
    sessionStorage.setItem(`${KEY}messages`, JSON.stringify([...this.history(), utterance]));
    this.draw(utterance);
  }

  history() {
    return JSON.parse(sessionStorage.getItem(`${KEY}messages`) ?? "[]");
  }

  draw({ isBot, message }) {
    const line = this.list.appendChild(document.createElement("p"));
    line.className = isBot ? "bot" : "user";
    if (message.type === "customCard") {
      for (const { title, anchor } of message.richElements) {
        line.append(Object.assign(document.createElement("a"), { textContent: title, href: anchor.href }));
      }
    } else if (isBot) {
      line.innerHTML = markdown(message.text);
    } else {
      line.textContent = message.text;
    }
  }
}

/** As much of Markdown as shows whether something was escaped. */
function markdown(text) {
  return text
    .trim()
    .replace(PUNCTUATION, (_, sign) => `&#${sign.charCodeAt(0)};`)
    .replace(/^# (.*)$/gm, "<h1>$1</h1>")
    .replace(/^- (.*)$/gm, "<li>$1</li>")
    .replace(/\*\*(.+?)\*\*/g, "<b>$1</b>")
    .replace(/(https?:\/\/[^\s<]+)/g, '<a href="$1">$1</a>')
    .replace(/\n/g, "<br>");
}

customElements.define("df-messenger-message-list", MessageList);
customElements.define("df-messenger", DfMessenger);
