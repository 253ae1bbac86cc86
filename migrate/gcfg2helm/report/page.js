"use strict";
// What the page can do besides being read: light up both sides, filter, copy, remember. Every text goes in as text.
(() => {
  const $ = (id) => document.getElementById(id);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const form = $("filters");
  const about = $("about");
  const [left, right] = all(".side");
  document.documentElement.className = "scripted";

  // Lines ---------------------------------------------------------------------------------------------------------
  const rows = new Map([left, right].map((side) => [side, all("li, summary", side)]));
  const lineOf = (node) => node.closest?.(".side li, .side summary");
  const stop = (row) => (row.tagName === "LI" ? row.firstElementChild : row);
  const folded = "folded" in document.body.dataset;
  const hint = [...about.childNodes];
  about.hidden = false;
  const chosen = { row: null, lit: [] };
  for (const link of all(".side li a")) link.tabIndex = -1;

  function lights(row) {
    const found = [];
    for (const part of (row.dataset.to ?? "").split(" ").filter(Boolean)) {
      const [side, first, last] = part.match(/^(.*):(\d+)-(\d+)$/).slice(1);
      for (let line = Number(first); line <= Number(last); line++) {
        const other = $(`${side}-${line}`);
        if (other) found.push(other);
      }
    }
    return found;
  }

  function light(row) {
    for (const one of chosen.lit) one.classList.remove("lit");
    chosen.lit = row ? lights(row) : [];
    for (const one of chosen.lit) one.classList.add("lit");
    tell(row);
  }

  function paragraph(kind, text) {
    const made = document.createElement("p");
    made.className = kind;
    made.textContent = text;
    return made;
  }

  function tell(row) {
    if (!row) return about.replaceChildren(...hint);
    const parts = [];
    const own = left.contains(row) ? [row] : lights(row);
    const isEntry = own.some((one) => one.classList.contains("entry"));
    if (!isEntry) return about.replaceChildren(...hint);
    parts.push(paragraph("title", lineText(row)));
    for (const one of own.slice(0, 8)) {
      if (one !== row) parts.push(paragraph("title", `from ${lineText(one)}`));
      for (const kind of [".w", ".y"]) {
        const found = one.querySelector(kind);
        if (found) {
          const copy = found.cloneNode(true);
          for (const link of all("a", copy)) link.removeAttribute("tabindex");
          parts.push(copy);
        }
      }
      if (one.dataset.about) parts.push(paragraph("", one.dataset.about));
      if (one.dataset.doc) {
        const link = document.createElement("a");
        link.href = one.dataset.doc;
        link.rel = "noreferrer noopener";
        link.textContent = "documentation";
        parts.push(link);
      }
      if (!one.querySelector(".y") && one.classList.contains("carried")) parts.push(paragraph("", document.body.dataset.unchanged));
      for (const mark of all(".w a:not(.to)", one)) {
        const title = document.querySelector(`${mark.getAttribute("href")} h4`);
        if (title) parts.push(paragraph("", `${mark.textContent}: ${title.textContent}`));
      }
    }
    if (own.length > 8) parts.push(paragraph("", `and ${own.length - 8} more lines`));
    about.replaceChildren(...parts);
  }

  const lineText = (row) => {
    const line = row.querySelector(".n");
    const text = line.textContent.trim();
    return `${line.dataset.n}: ${text.length > 300 ? `${text.slice(0, 300)}…` : text}`;
  };

  function into(row, block = "nearest") {
    const details = row.closest("details");
    if (details && row.tagName !== "SUMMARY") details.open = true;
    row.scrollIntoView({ block, behavior: "instant" });
  }

  // Choose a line: light up the other side, keep it in the address bar. `from`: the side to leave where it is.
  function choose(row, { focus = true, scroll = true } = {}) {
    chosen.row?.classList.remove("here");
    if (chosen.row) stop(chosen.row).tabIndex = chosen.row.tagName === "LI" ? -1 : 0;
    chosen.row = row;
    if (!row) {
      light(null);
      return keep();
    }
    row.hidden = false;
    row.classList.add("here");
    light(row);
    if (scroll) {
      const [first] = chosen.lit;
      if (first && !first.hidden && matchMedia("(min-width: 60rem)").matches) into(first, "center");
      into(row);
    }
    const target = stop(row);
    target.tabIndex = 0;
    if (focus) target.focus({ preventScroll: true });
    keep();
  }

  for (const side of [left, right]) {
    side.addEventListener("mouseover", (event) => {
      const row = lineOf(event.target);
      if (row) light(row);
    });
    side.addEventListener("mouseleave", () => light(chosen.row));
    side.addEventListener("click", (event) => {
      const link = event.target.closest("a");
      const row = lineOf(event.target);
      if (!row || (link && !link.classList.contains("n"))) return;
      if (link) event.preventDefault();
      if (getSelection()?.isCollapsed ?? true) choose(row, { focus: Boolean(link) });
    });
    side.addEventListener("focusin", (event) => {
      const row = lineOf(event.target);
      if (row && row !== chosen.row && stop(row) === event.target) choose(row, { focus: false, scroll: false });
    });
    side.addEventListener("keydown", (event) => moved(event, side));
    const first = rows.get(side).find((row) => row.tagName === "LI" && row.classList.contains("entry"));
    if (first) stop(first).tabIndex = 0;
  }

  const visible = (row) => !row.hidden && !row.parentElement.closest("[hidden]") &&
    (row.tagName === "SUMMARY" || (row.closest("details")?.open ?? true));
  const stops = (row) => row.tagName === "SUMMARY" || row.classList.contains("entry") || row.classList.contains("todo");

  function moved(event, side) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const here = lineOf(event.target) ?? (side.contains(chosen.row) ? chosen.row : null);
    const list = rows.get(side);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step || event.key === "Home" || event.key === "End") {
      let at = step ? list.indexOf(here) + (here || step > 0 ? step : list.length) : event.key === "Home" ? 0 : list.length - 1;
      const way = step ?? (event.key === "Home" ? 1 : -1);
      while (list[at] && !(stops(list[at]) && visible(list[at]))) at += way;
      if (list[at]) choose(list[at]);
      event.preventDefault();
    } else if ((event.key === "ArrowRight" && side === left) || (event.key === "ArrowLeft" && side === right)) {
      const other = here && lights(here).find((row) => !row.hidden && stops(row));
      if (other) choose(other);
      event.preventDefault();
    }
  }

  // Filters -------------------------------------------------------------------------------------------------------
  const state = () => {
    const data = new FormData(form);
    const words = new URLSearchParams();
    for (const [name, value] of data) if (value) words.append(name, value);
    return words;
  };

  const texts = new Map();
  function has(row, query) {
    if (!texts.has(row)) texts.set(row, row.textContent.toLowerCase());
    return texts.get(row).includes(query);
  }

  function filter() {
    const words = state();
    const query = (words.get("q") ?? "").toLowerCase();
    const section = words.get("section") ?? "";
    const decisions = words.getAll("decision");
    const levels = words.getAll("level");
    const active = [...words].length > 0;
    const kept = new Set();
    let shown = 0;
    let total = 0;
    for (const row of rows.get(left)) {
      const entry = row.tagName === "LI" && row.classList.contains("entry");
      total += entry;
      let fits = true;
      if (active) {
        fits = (entry || Boolean(query && !decisions.length && !levels.length)) &&
          (!decisions.length || decisions.some((name) => row.classList.contains(name))) &&
          (!levels.length || levels.some((name) => row.querySelector(`.w .${name}`))) &&
          (!section || row.closest("[data-section]")?.dataset.section === section) &&
          (!query || has(row, query));
      }
      if (row.tagName === "LI") row.hidden = !fits;
      if (fits && entry) shown += 1;
      if (fits && active) for (const one of lights(row)) kept.add(one);
    }
    const only = query && !decisions.length && !levels.length && !section;
    for (const row of rows.get(right)) {
      if (row.tagName !== "LI") continue;
      row.hidden = active && !kept.has(row) && !(only && has(row, query));
    }
    for (const part of all(".side details, .side > ol")) {
      const some = all("li", part).some((row) => !row.hidden);
      const head = part.querySelector("summary");
      part.hidden = active && !some && !(head && (kept.has(head) || (only && has(head, query))));
      if (part.tagName !== "DETAILS") continue;
      if (active) part.open = some;
      else part.open = !folded || part.contains(chosen.row);
    }
    $("shown").textContent = active ? `${shown.toLocaleString("en")} of ${total.toLocaleString("en")} settings shown` : "";
    keep();
  }

  // The address bar -----------------------------------------------------------------------------------------------
  let quiet = false;
  function keep() {
    if (quiet) return;
    const words = state().toString();
    const id = chosen.row ? chosen.row.id || chosen.row.querySelector("summary")?.id : "";
    const hash = [id, words].filter(Boolean).join("&");
    if (hash !== location.hash.slice(1)) history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  }

  function go() {
    const [id, ...rest] = location.hash.slice(1).split("&");
    const words = new URLSearchParams(id.includes("=") ? location.hash.slice(1) : rest.join("&"));
    const row = id.includes("=") ? null : $(id);
    const line = row && lineOf(row);
    if (!line && row) return;  // a heading, a finding: the browser goes there
    quiet = true;
    const before = state().toString();
    for (const field of form.elements) {
      if (field.type === "checkbox") field.checked = false;
      else if (field.name) field.value = "";
    }
    for (const [name, value] of words) {
      for (const field of form.elements) {
        if (field.name !== name) continue;
        if (field.type === "checkbox") field.checked ||= field.value === value;
        else field.value = value;
      }
    }
    if (before || state().toString()) filter();
    choose(line, { focus: Boolean(line) });
    quiet = false;
    if (line) into(line, "center");
  }

  let waiting = 0;
  form.hidden = false;
  form.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 80);
  });
  form.addEventListener("reset", () => setTimeout(filter));
  form.addEventListener("submit", (event) => event.preventDefault());
  addEventListener("hashchange", go);
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches?.("input[type=search], select");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      form.elements.q.focus();
      event.preventDefault();
    } else if (event.key === "Escape" && !typing) choose(null);
  });

  // A link to a finding opens what it lies in.
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.('a[href^="#finding-"]');
    if (link) $(link.getAttribute("href").slice(1))?.closest("details")?.setAttribute("open", "");
  });

  // Copy ----------------------------------------------------------------------------------------------------------
  for (const button of all(".copy")) {
    button.hidden = false;
    const code = button.parentElement.querySelector("code");
    button.addEventListener("click", async () => {
      const text = code.textContent;
      let done = true;
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        getSelection().selectAllChildren(code);
        done = document.execCommand("copy");
      }
      button.textContent = done ? "Copied" : "Selected";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  // Ticks ---------------------------------------------------------------------------------------------------------
  const store = `gcfg2helm:${document.body.dataset.key}`;
  const boxes = all("[data-step]");
  const ticked = new Set((() => {
    try {
      return JSON.parse(localStorage.getItem(store)) ?? [];
    } catch {
      return [];
    }
  })());
  function count() {
    for (const box of boxes) box.closest(".step").classList.toggle("ticked", box.checked);
    if ($("done")) $("done").textContent = `${boxes.filter((box) => box.checked).length} of ${boxes.length} steps done`;
  }
  for (const box of boxes) {
    box.checked = ticked.has(box.dataset.step);
    box.addEventListener("change", () => {
      if (box.checked) ticked.add(box.dataset.step);
      else ticked.delete(box.dataset.step);
      try {
        localStorage.setItem(store, JSON.stringify([...ticked]));
      } catch { /* a browser that keeps nothing */ }
      count();
    });
  }
  count();

  // Print: what is closed opens, unless that is too much.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all(folded ? ".asks:not([open])" : ".asks:not([open]), .side details:not([open])");
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });

  if (location.hash) go();
  // A browser that has gone to the target of the address leaves it without focus.
  addEventListener("load", () => { if (chosen.row) stop(chosen.row).focus({ preventScroll: true }); });
})();
