// @ts-check
/** Writing in the channel: kept until durable, sent by the socket or, without one, by the form's own way. */

import { newId } from "./ids.js";
import { send } from "./send.js";

const GIVE_UP_AFTER = 3;

/**
 * @typedef {import("./outbox.js").Unsent} Unsent
 * @typedef {import("./follow-log.js").Reply} Reply
 */

export class Composer {
  /**
   * @param {HTMLFormElement} form
   * @param {{
   *   log: import("./follow-log.js").FollowLog, stream: string, name: string,
   *   outbox: import("./outbox.js").Outbox, channel: import("./channel.js").Channel,
   * }} parts
   */
  constructor(form, parts) {
    this.form = form;
    this.log = parts.log;
    this.stream = parts.stream;
    this.name = parts.name;
    this.outbox = parts.outbox;
    this.channel = parts.channel;
    this.input = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("text"));
    this.problem = form.querySelector("[data-problem]");
    /** @type {Set<string>} */
    this.flying = new Set();
    this.input.value = this.outbox.draft;
    this.listen();
    this.outbox.all().forEach((unsent) => this.show(unsent));
  }

  listen() {
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.write();
    });
    this.input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.defaultPrevented) return;
      event.preventDefault();
      this.form.requestSubmit();
    });
    this.input.addEventListener("input", () => {
      this.outbox.draft = this.input.value;
      this.complain("");
      this.fit();
    });
    this.fit();
  }

  fit() {
    this.input.rows = Math.min(8, Math.max(1, this.input.value.split("\n").length));
  }

  write() {
    const text = this.input.value.trim();
    if (!text) return;
    const isCommand = text.startsWith("/") && !text.startsWith("//");
    if (isCommand) return void this.command(text);
    this.reply("");
    const unsent = this.outbox.add(text);
    if (!unsent) return this.complain("Fifty messages wait to be sent. Discard some first.");
    this.clear();
    this.channel.clearUnread();
    this.show(unsent);
    this.dispatch(unsent);
  }

  clear() {
    this.input.value = "";
    this.outbox.draft = "";
    this.complain("");
    this.fit();
  }

  /** @param {string} text */
  complain(text) {
    if (this.problem) this.problem.textContent = text;
  }

  /** A command is never posted as text, and its refusal is seen by its author only. @param {string} text */
  async command(text) {
    this.input.readOnly = true;
    const fields = this.fields(text, "");
    const answer = await send(this.form.action, fields);
    this.input.readOnly = false;
    const isReply = answer.code === "help";
    if (!answer.ok && !isReply) return this.complain(answer.message ?? "That command did not work.");
    this.clear();
    this.reply(isReply ? answer.message ?? "" : "");
  }

  /** What only the author of a command is told. @param {string} text */
  reply(text) {
    const place = document.querySelector("[data-reply]");
    if (!place) return;
    place.textContent = text;
    place.toggleAttribute("hidden", !text);
  }

  /** @param {Unsent} unsent */
  show(unsent) {
    this.channel.pend(unsent, this.name, {
      retry: () => this.dispatch(unsent),
      discard: () => {
        this.outbox.remove(unsent.cid);
        this.channel.forget(unsent.cid);
      },
    });
    if (unsent.failed) this.channel.settle(unsent.cid, "failed", unsent.failed);
  }

  /** Sends everything that waits, oldest first. */
  async flush() {
    for (const unsent of this.outbox.all()) {
      if (!unsent.failed) await this.dispatch(unsent);
    }
  }

  /** @param {Unsent} unsent */
  async dispatch(unsent) {
    if (this.flying.has(unsent.cid)) return;
    this.flying.add(unsent.cid);
    this.channel.settle(unsent.cid, "sending");
    this.settle(unsent, await this.deliver(unsent));
    this.flying.delete(unsent.cid);
  }

  /** @param {Unsent} unsent @returns {Promise<Reply>} */
  async deliver(unsent) {
    /** @type {Reply} */
    let reply = { ok: false, code: "not_connected", retry: true };
    for (let attempt = 0; attempt < GIVE_UP_AFTER && reply.retry; attempt += 1) {
      reply = await this.log.send("post", this.stream, unsent.cid, { text: unsent.text });
      if (!reply.retry) return reply;
      const answer = await send(this.form.action, this.fields(unsent.text, unsent.cid));
      reply = { ...answer, retry: answer.code === "network" || answer.code === "http_503" };
      if (answer.code === "network") return reply;
    }
    return reply;
  }

  /** @param {Unsent} unsent @param {Reply} reply */
  settle(unsent, reply) {
    if (reply.ok) {
      this.outbox.remove(unsent.cid);
      this.channel.settle(unsent.cid, "sent");
    } else if (reply.retry) {
      this.channel.settle(unsent.cid, "waiting");
    } else {
      this.outbox.fail(unsent.cid, reply.message ?? reply.code ?? "");
      this.channel.settle(unsent.cid, "failed", reply.message ?? reply.code);
    }
  }

  /** What arrived from the log needs no sending any more. @param {string} cid */
  arrived(cid) {
    this.outbox.remove(cid);
  }

  /** @param {string} text @param {string} key */
  fields(text, key) {
    const fields = new FormData(this.form);
    fields.set("text", text);
    fields.set("key", key || newId());
    return fields;
  }
}
