// Shows the copy buttons, which can do nothing without a script, and lets them copy.
"use strict";
const said = document.getElementById("said");

function select(text) {
  const range = document.createRange();
  range.selectNodeContents(text);
  const selection = window.getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
}

async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text.textContent);
    return true;
  }
  // Without TLS there is no clipboard of the browser's own.
  select(text);
  return document.execCommand("copy");
}

for (const button of document.querySelectorAll("button[data-copy]")) {
  const text = document.getElementById(button.dataset.copy);
  if (!text) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    let done = false;
    try {
      done = await copy(text);
    } catch {
      done = false;
    }
    if (!done) select(text);
    said.textContent = done ? "Copied." : "It is selected: copy it with the keyboard.";
    button.classList.toggle("done", done);
    window.setTimeout(() => {
      said.textContent = "";
      button.classList.remove("done");
    }, 3000);
  });
}
