// @ts-check
/** Typeahead of slash commands: a listbox over the composer, by the combobox pattern. */

/** @typedef {{name: string, usage: string, help: string}} Command */

/**
 * @param {HTMLTextAreaElement} input
 * @param {HTMLElement} list
 * @param {Command[]} commands
 */
export function startSlash(input, list, commands) {
  /** @type {Command[]} */
  let shown = [];
  let chosen = 0;

  const hide = () => {
    list.hidden = true;
    shown = [];
    input.removeAttribute("aria-activedescendant");
  };
  const paint = () => {
    list.replaceChildren(...shown.map((command, index) => option(command, index === chosen, index, () => choose(command))));
    list.hidden = shown.length === 0;
    if (shown.length) input.setAttribute("aria-activedescendant", `slash-${chosen}`);
    list.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
  };
  /** @param {Command} command */
  const choose = (command) => {
    input.value = `${command.name} `;
    hide();
    input.focus();
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };

  input.addEventListener("input", () => {
    const word = /^\/(?!\/)\S*$/.exec(input.value)?.[0];
    shown = word === undefined ? [] : commands.filter((command) => command.name.startsWith(word.toLowerCase()));
    chosen = 0;
    if (shown.length) paint();
    else hide();
  });
  input.addEventListener("keydown", (event) => {
    if (list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + shown.length) % shown.length;
      paint();
    } else if (event.key === "Tab" || (event.key === "Enter" && input.value !== shown[chosen].name)) {
      choose(shown[chosen]);
    } else if (event.key === "Escape") {
      hide();
    } else {
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  });
  input.addEventListener("blur", () => setTimeout(hide, 150));
}

/** @param {Command} command @param {boolean} selected @param {number} index @param {() => void} choose */
function option(command, selected, index, choose) {
  const item = document.createElement("li");
  item.id = `slash-${index}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", String(selected));
  const usage = document.createElement("code");
  usage.textContent = command.usage;
  const help = document.createElement("span");
  help.className = "meta";
  help.textContent = command.help;
  item.append(usage, help);
  item.addEventListener("mousedown", (event) => {
    event.preventDefault();
    choose();
  });
  return item;
}
