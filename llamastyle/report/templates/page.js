
"use strict";
// The page is whole without this: it adds sorting, filters, links that open what they lead to, a hint where a table goes on, a switch for light and dark.
(() => {
  const make = (tag, cls, text) => {
    const e = document.createElement(tag);
    e.className = cls;
    if (text) e.textContent = text;
    return e;
  };
  const value = (row, i) => {
    const cell = row.cells[i];
    return cell.dataset.v === undefined ? cell.textContent.trim() : Number(cell.dataset.v);
  };
  const compare = (i, sign) => (p, q) => {
    const x = value(p, i), y = value(q, i);
    if (x === "" || y === "") return (x === "") - (y === "");
    return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y)));
  };
  const filter = (items, words, where, told = (item) => item.textContent) => {
    const tools = make("div", "tools"), input = make("input", "tool"), count = make("span", "count");
    input.type = "search";
    input.placeholder = words;
    input.setAttribute("aria-label", words + ": " + where);
    count.setAttribute("role", "status");
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      let left = 0;
      for (const item of items) left += !(item.hidden = !told(item).toLowerCase().includes(wanted));
      count.textContent = wanted ? left + " of " + items.length : "";
    });
    tools.append(input, count);
    return tools;
  };
  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    if (body.rows.length < 2) continue;
    [...table.tHead.rows[0].cells].forEach((head, i) => {
      const button = make("button", "sort", head.textContent);
      button.type = "button";
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const up = head.classList.contains("n") ? head.ariaSort === "descending" : head.ariaSort !== "ascending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        body.append(...[...body.rows].sort(compare(i, up ? 1 : -1)));
      });
    });
    if (body.rows.length >= 8) table.parentElement.before(filter([...body.rows], "Filter rows", table.caption.textContent));
  }
  const models = [...document.querySelectorAll(".model")];
  if (models.length >= 2) {
    const tools = filter(models, "Find a model", "Model by model", (model) => model.firstElementChild.textContent);
    for (const [words, open] of [["Open all", true], ["Close all", false]]) {
      const button = make("button", "tool", words);
      button.type = "button";
      button.addEventListener("click", () => {
        for (const model of models) if (!model.hidden) model.open = open;
      });
      tools.append(button);
    }
    models[0].before(tools);
  }
  // A link to what stands in a closed part opens it, also where the browser would not.
  const reveal = (target) => {
    if (!target) return;
    for (let part = target.closest("details"); part; part = part.parentElement.closest("details")) {
      part.hidden = false;
      part.open = true;
    }
    target.scrollIntoView();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link) reveal(document.getElementById(link.hash.slice(1)));
  });
  addEventListener("hashchange", () => reveal(document.querySelector(":target")));
  for (const box of document.querySelectorAll(".scroll")) {
    const hint = make("p", "hint", "Scroll sideways for more columns →");
    hint.hidden = true;
    box.before(hint);
    new ResizeObserver(() => { hint.hidden = box.scrollWidth <= box.clientWidth + 1; }).observe(box);
  }
  const theme = make("button", "theme", "Light / dark");
  theme.type = "button";
  theme.addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });
  document.querySelector("header").prepend(theme);
  reveal(document.querySelector(":target"));
})();
