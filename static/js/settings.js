// @ts-check
/** The settings page: copies a new token, and forgets what was written when somebody signs out. */

import { toast } from "./dialogs.js";
import { forgetAll } from "./outbox.js";

for (const form of document.querySelectorAll("[data-sign-out]")) form.addEventListener("submit", forgetAll);

const button = document.querySelector("[data-copy]");
if (button instanceof HTMLElement && navigator.clipboard) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy ?? "");
      toast("Copied");
    } catch {
      toast("The browser did not allow copying. Select the token and copy it.", "bad");
    }
  });
}
