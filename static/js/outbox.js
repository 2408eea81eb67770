// @ts-check
/** What was written and is not yet durable: kept in the browser, so that a reload loses nothing. */

import { newId } from "./ids.js";

const LONGEST = 50;

/** @typedef {{cid: string, text: string, at: string, failed?: string}} Unsent */

export class Outbox {
  /** @param {string} person @param {string} stream */
  constructor(person, stream) {
    this.queueKey = `unsent ${person} ${stream}`;
    this.draftKey = `draft ${person} ${stream}`;
  }

  /** @returns {Unsent[]} oldest first */
  all() {
    try {
      return JSON.parse(localStorage.getItem(this.queueKey) ?? "[]");
    } catch {
      return [];
    }
  }

  /** @param {string} text @returns {Unsent | null} null once the queue is full */
  add(text) {
    const queue = this.all();
    if (queue.length >= LONGEST) return null;
    const unsent = { cid: newId(), text, at: new Date().toISOString() };
    this.keep([...queue, unsent]);
    return unsent;
  }

  /** @param {string} cid */
  remove(cid) {
    this.keep(this.all().filter((unsent) => unsent.cid !== cid));
  }

  /** @param {string} cid @param {string} why */
  fail(cid, why) {
    this.keep(this.all().map((unsent) => (unsent.cid === cid ? { ...unsent, failed: why } : unsent)));
  }

  get draft() {
    return localStorage.getItem(this.draftKey) ?? "";
  }

  set draft(text) {
    if (text) localStorage.setItem(this.draftKey, text);
    else localStorage.removeItem(this.draftKey);
  }

  /** @param {Unsent[]} queue */
  keep(queue) {
    if (queue.length) localStorage.setItem(this.queueKey, JSON.stringify(queue));
    else localStorage.removeItem(this.queueKey);
  }
}

/** Forgets everything written by anybody in this browser; for signing out. */
export function forgetAll() {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith("unsent ") || key.startsWith("draft ")) localStorage.removeItem(key);
  }
}
