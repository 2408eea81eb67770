// @ts-check
/** Forms with `data-send` go by fetch: the page stays, a refusal is shown beside what caused it. */

import { toast } from "./dialogs.js";
import { newId } from "./ids.js";

/**
 * What a door answers to a form that was sent by a script.
 * @typedef {{ok: boolean, code?: string, message?: string, field?: string, url?: string, version?: number, reply?: string}} Answer
 */

/**
 * Sends a form's fields. Never throws: a failing network is an answer too.
 * @param {string} url
 * @param {FormData} fields
 * @returns {Promise<Answer>}
 */
export async function send(url, fields) {
  try {
    const answer = await fetch(url, { method: "POST", body: fields, headers: { Accept: "application/json" } });
    if (answer.redirected) return { ok: false, code: "signed_out", message: "You are signed out. Open the page again to sign in." };
    const type = answer.headers.get("Content-Type") ?? "";
    if (type.includes("json")) return { ...(await answer.json()), ok: answer.ok };
    return { ok: answer.ok, code: `http_${answer.status}`, message: `The server answered ${answer.status}. Nothing was changed.` };
  } catch {
    return { ok: false, code: "network", message: "The server could not be reached. Nothing was changed; try again." };
  }
}

/** @param {HTMLFormElement} form @param {Answer} answer */
function showProblem(form, answer) {
  const text = answer.message ?? "That did not work.";
  const line = form.querySelector("[data-problem]");
  if (line) line.textContent = text;
  else toast(text, "bad");
  const field = answer.field && form.elements.namedItem(answer.field);
  if (field instanceof HTMLElement) {
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }
}

/** @param {HTMLFormElement} form */
function clearProblem(form) {
  const line = form.querySelector("[data-problem]");
  if (line) line.textContent = "";
  form.querySelectorAll("[aria-invalid]").forEach((field) => field.removeAttribute("aria-invalid"));
}

/**
 * Takes over every `data-send` form of the page.
 * @param {(form: HTMLFormElement, answer: Answer) => void} done called after the server agreed
 */
export function startSending(done) {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !form.hasAttribute("data-send")) return;
    event.preventDefault();
    const button = event.submitter;
    button?.setAttribute("aria-disabled", "true");
    clearProblem(form);
    const answer = await send(form.action, new FormData(form, button));
    button?.removeAttribute("aria-disabled");
    if (!answer.ok) return showProblem(form, answer);
    form.closest("dialog")?.close();
    // The same key would be the same command: a form that was used gets a new one.
    renewKey(form);
    form.reset();
    done(form, answer);
  });
}

/** @param {HTMLFormElement} form */
function renewKey(form) {
  const key = form.elements.namedItem("key");
  if (key instanceof HTMLInputElement) key.defaultValue = newId();
}
