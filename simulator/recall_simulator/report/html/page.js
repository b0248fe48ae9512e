"use strict";
const all = (selector) => document.querySelectorAll(selector);

for (const tools of all(".tools")) tools.hidden = false;

document.querySelector("#filter")?.addEventListener("click", ({ currentTarget }) => {
  const pressed = currentTarget.getAttribute("aria-pressed") !== "true";
  currentTarget.setAttribute("aria-pressed", pressed);
  for (const part of all('[data-verdict="ok"]')) part.hidden = pressed;
  for (const table of all(".matrix table")) {
    table.hidden = !table.querySelector("tbody tr:not([hidden])");
  }
});

const unfold = document.querySelector("#unfold");
const folded = () => document.querySelector("details.case:not([open])") !== null;
if (unfold) {
  const name = () => { unfold.textContent = folded() ? "Unfold all" : "Fold all"; };
  unfold.addEventListener("click", () => {
    const open = folded();
    for (const part of all("details.case")) part.open = open;
  });
  document.addEventListener("toggle", name, true);
  name();
}

// A link into a folded case unfolds it.
const follow = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target?.matches("details")) {
    target.open = true;
    target.scrollIntoView();
    target.querySelector("summary").focus({ preventScroll: true });
  }
};
addEventListener("hashchange", follow);
follow();

// Paper can't be unfolded.
addEventListener("beforeprint", () => {
  for (const part of all("details")) part.open = true;
});

for (const command of all(".again pre")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(command.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(command);
      button.textContent = "Selected";
    }
  });
  command.previousElementSibling.append(button);
}
