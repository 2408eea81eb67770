// @ts-check
/** Dialogs: links and buttons with `data-open` show one, `data-close` and the backdrop hide it. */

import { localiseAll } from "./time.js";

/** Shows a dialog by its id. @param {string} id @returns {boolean} whether there is one */
export function open(id) {
  const dialog = document.getElementById(id);
  if (!(dialog instanceof HTMLDialogElement)) return false;
  if (!dialog.open) dialog.showModal();
  const first = dialog.querySelector("[autofocus],textarea,input:not([type=hidden]),select");
  if (first instanceof HTMLElement) first.focus();
  return true;
}

/**
 * Shows a dialog around a piece of page that is fetched.
 * @param {string} url
 * @param {string} label id of its heading
 * @returns {Promise<HTMLDialogElement>}
 */
export async function openFetched(url, label) {
  const answer = await fetch(url, { headers: { "X-Fragment": "1" } });
  if (!answer.ok || answer.redirected) throw new Error(`${answer.status}`);
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.setAttribute("aria-labelledby", label);
  dialog.innerHTML = await answer.text();
  dialog.addEventListener("close", () => dialog.remove());
  localiseAll(dialog);
  document.body.append(dialog);
  dialog.showModal();
  const first = dialog.querySelector("[autofocus]");
  if (first instanceof HTMLElement) first.focus();
  return dialog;
}

/**
 * A short line at the foot of the window.
 * @param {string} text
 * @param {"" | "bad"} tone
 */
export function toast(text, tone = "") {
  const line = document.createElement("p");
  line.className = tone ? `toast toast--${tone}` : "toast";
  line.textContent = text;
  document.querySelector("[data-toasts]")?.append(line);
  setTimeout(() => line.remove(), tone ? 10_000 : 5_000);
}

/** @param {MouseEvent} event */
function click(event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  const target = event.target instanceof Element ? event.target : null;
  const opener = target?.closest("[data-open]");
  if (opener instanceof HTMLElement && open(opener.dataset.open ?? "")) event.preventDefault();
  const dialog = target?.closest("dialog");
  if (!(dialog instanceof HTMLDialogElement)) return;
  if (target === dialog || target?.closest("[data-close]")) {
    event.preventDefault();
    dialog.close();
  }
}

/** Listens. */
export function startDialogs() {
  document.addEventListener("click", click);
}
