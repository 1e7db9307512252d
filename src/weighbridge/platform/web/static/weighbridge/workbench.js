// Keys, copying and small comforts. Every page works without this file, by links and forms.
"use strict";
(() => {
  const writing = (target) =>
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
  const rows = () => [...document.querySelectorAll("[data-row]")];
  const rowOf = (element) => (element instanceof Element ? element.closest("[data-row]") : null);

  // Goes to the row before or after the one that has the focus.
  const move = (step) => {
    const all = rows();
    if (!all.length) return false;
    const at = all.indexOf(rowOf(document.activeElement));
    const next = all[Math.min(all.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    next.querySelector("a").focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  };

  // Does what a key stands for: opens a form and goes into its first field, presses a button.
  const act = (element) => {
    if (element.matches("details")) {
      element.open = true;
      const field = element.querySelector("textarea, input:not([type=hidden]), select");
      (field || element.querySelector("summary")).focus();
    } else if (writing(element)) {
      element.focus();
      if (element.select) element.select();
    } else {
      element.click();
    }
    element.scrollIntoView({ block: "nearest" });
  };

  const press = (key, root) => {
    const element = root.querySelector(`[data-key~="${CSS.escape(key)}"]:not([disabled])`);
    if (element) {
      act(element);
      return true;
    }
    const why = root.querySelector(`[data-why~="${CSS.escape(key)}"]`);
    if (why) why.focus();
    return Boolean(why);
  };

  const help = () => {
    const dialog = document.getElementById("keys");
    if (dialog && !dialog.open) dialog.showModal();
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && writing(event.target)) {
      event.target.blur();
      return;
    }
    if (writing(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key;
    let done = false;
    if (key === "?") {
      help();
      done = true;
    } else if (key === "j" || key === "k") {
      done = move(key === "j" ? 1 : -1);
    } else if (/^[a-z0-9/]$/.test(key)) {
      const row = rowOf(document.activeElement);
      if (row && row.dataset.row && "nmwfdi".includes(key)) {
        location.href = `${row.dataset.row}#${key}`;
        done = true;
      } else {
        done = (row && press(key, row)) || press(key, document);
      }
    }
    if (done) event.preventDefault();
  });

  document.addEventListener("click", (event) => {
    const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
    if (button) {
      const text = button.dataset.copy || document.getElementById(button.dataset.copyFrom).textContent;
      navigator.clipboard.writeText(text).then(() => {
        const before = button.textContent;
        button.textContent = "Copied";
        setTimeout(() => (button.textContent = before), 1500);
      });
    }
    const link = event.target instanceof Element ? event.target.closest('a[data-key="?"]') : null;
    if (link) {
      event.preventDefault();
      help();
    }
  });

  const arrive = (root) => root.querySelectorAll("[data-copy]").forEach((button) => (button.hidden = false));

  document.addEventListener("DOMContentLoaded", () => {
    arrive(document);
    if (/^#[nmwfdi]$/.test(location.hash)) press(location.hash.slice(1), document);
  });
  document.addEventListener("htmx:afterSwap", (event) => arrive(event.target));
})();
