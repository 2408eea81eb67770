// @ts-check
/** Declaring from anywhere: the page's form in a dialog, with incidents that may be the same. */

import { openFetched } from "./dialogs.js";
import { localiseAll } from "./time.js";

const SETTLE_MS = 250;

/** @param {ParentNode} root */
function enhance(root) {
  const form = root.querySelector("[data-declare]");
  if (!(form instanceof HTMLFormElement)) return;
  const title = /** @type {HTMLInputElement} */ (form.elements.namedItem("title"));
  let waiting = 0;
  title.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = window.setTimeout(() => showSame(form, title.value), SETTLE_MS);
  });
  form.addEventListener("change", () => nameSeverity(form));
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    if (title.value.trim()) return;
    event.preventDefault();
    title.setAttribute("aria-invalid", "true");
    const line = form.querySelector("[data-problem]");
    if (line) line.textContent = "Say in one line what is wrong.";
    title.focus();
  });
}

/** @param {HTMLFormElement} form */
function nameSeverity(form) {
  const chosen = form.querySelector("input[name=severity]:checked");
  if (!(chosen instanceof HTMLInputElement)) return;
  const [name, words] = [form.querySelector("[data-severity-name]"), form.querySelector("[data-severity-words]")];
  if (name) name.textContent = `SEV${chosen.value}`;
  if (words) words.textContent = chosen.dataset.words ?? "";
}

/** @param {HTMLFormElement} form @param {string} title */
async function showSame(form, title) {
  const place = form.querySelector("[data-same]");
  if (!place) return;
  try {
    const answer = await fetch(`/declare/same?title=${encodeURIComponent(title)}`);
    if (!answer.ok || answer.redirected) return;
    place.innerHTML = await answer.text();
    localiseAll(place);
  } catch {
    // Possible duplicates are a help; declaring goes on without them.
  }
}

/** Takes over the Declare button, and the form on its own page. */
export function startDeclaring() {
  enhance(document);
  const button = document.querySelector(".declare");
  button?.addEventListener("click", async (event) => {
    const click = /** @type {MouseEvent} */ (event);
    if (click.ctrlKey || click.metaKey || click.button || document.querySelector("[data-declare]")) return;
    event.preventDefault();
    try {
      enhance(await openFetched("/declare?dialog=1", "declare-title"));
    } catch {
      location.assign("/declare");
    }
  });
}
