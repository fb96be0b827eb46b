// What the page does beyond links and forms. Everything works without it; nothing here holds state of its own.
"use strict";

// --- the reader's time zone: told to the server once, by a cookie -----------------------------------------------------
(() => {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = document.cookie.split("; ").some((part) => part.startsWith("zone="));
  if (!zone || known) return;
  document.cookie = `zone=${zone}; path=/; max-age=31536000; samesite=lax`;
  const kept = document.cookie.includes("zone=");
  if (kept && document.documentElement.dataset.zone !== zone) location.reload();
})();

// --- keyboard ----------------------------------------------------------------------------------------------------------
(() => {
  const items = [...document.querySelectorAll("[data-item]")];
  const keys = document.getElementById("keys");
  let at = -1;

  const move = (step) => {
    if (!items.length) return;
    if (at >= 0) items[at].classList.remove("current");
    at = Math.min(items.length - 1, Math.max(0, at + step));
    items[at].classList.add("current");
    items[at].scrollIntoView({ block: "nearest" });
    const link = items[at].querySelector("[data-open]");
    if (link) link.focus({ preventScroll: true });
  };
  const open = () => {
    const link = at >= 0 && items[at].querySelector("[data-open]");
    if (link) link.click();
  };
  const actions = {
    "/": () => {
      const box = document.querySelector("input[name=q]");
      box.focus();
      box.select();
    },
    j: () => move(1),
    k: () => move(-1),
    o: open,
    n: () => location.assign("/"),
    "?": () => keys.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  for (const button of document.querySelectorAll("[data-keys]")) {
    button.hidden = false;
    button.addEventListener("click", actions["?"]);
  }
})();

// --- completion of fields, labels and outlets ----------------------------------------------------------------------------
(() => {
  let known;
  const load = () => (known ??= fetch("/completions.json").then((answer) => answer.json()));

  const wordAt = (input) => {
    const before = input.value.slice(0, input.selectionStart);
    const found = before.match(/(?:^|[\s(])([-]?)([^\s(]*(?:"[^"]*)?)$/);
    return found ? { text: found[2], start: before.length - found[2].length } : null;
  };
  const matches = (list, typed) => {
    const wanted = typed.replace(/^"/, "").toLowerCase();
    const starts = ([value, says]) => value.toLowerCase().startsWith(wanted) || says.toLowerCase().startsWith(wanted);
    const holds = ([value, says]) => !starts([value, says]) && says.toLowerCase().includes(wanted);
    return [...list.filter(starts), ...(wanted.length > 1 ? list.filter(holds) : [])].slice(0, 12);
  };
  const suggest = (data, word) => {
    const [field, ...rest] = word.text.split(":");
    if (rest.length) {
      const values = data.values[field.toLowerCase()] || [];
      return matches(values, rest.join(":")).map(([value, says]) => ({
        insert: `${field}:${/^[\w-]+$/.test(value) ? value : `"${value}"`} `, text: value, says: says === value ? "" : says,
      }));
    }
    if (!word.text) return [];
    const fields = matches(data.fields.filter(([name]) => name.startsWith(word.text.toLowerCase())), word.text);
    const labels = ["actor", "issue", "development"].flatMap((facet) =>
      matches(data.values[facet], word.text).map(([value, says]) => ({ insert: `${facet}:${value} `, text: `${facet}:${value}`, says })));
    return [...fields.map(([name, says]) => ({ insert: `${name}:`, text: `${name}:`, says })), ...(word.text.length > 1 ? labels : [])].slice(0, 12);
  };

  const attach = (input, number) => {
    const list = document.createElement("ul");
    list.className = "suggestions";
    list.id = `suggestions-${number}`;
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", "Completions");
    list.hidden = true;
    input.parentElement.append(list);
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", list.id);
    input.setAttribute("aria-expanded", "false");
    let shown = [];
    let word = null;
    let chosen = -1;

    const close = () => {
      list.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
      chosen = -1;
    };
    const choose = (index) => {
      chosen = index;
      [...list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === index)));
      if (index >= 0) {
        input.setAttribute("aria-activedescendant", list.children[index].id);
        list.children[index].scrollIntoView({ block: "nearest" });
      }
    };
    const take = (index) => {
      const end = input.selectionStart;
      const after = input.value.slice(end).trimStart();
      input.value = input.value.slice(0, word.start) + shown[index].insert + after;
      const place = word.start + shown[index].insert.length;
      input.setSelectionRange(place, place);
      close();
      if (shown[index].insert.endsWith(":")) refresh();
    };
    const refresh = async () => {
      const data = await load();
      word = wordAt(input);
      shown = word ? suggest(data, word) : [];
      list.replaceChildren(...shown.map((item, place) => {
        const row = document.createElement("li");
        row.id = `${list.id}-${place}`;
        row.setAttribute("role", "option");
        row.setAttribute("aria-selected", "false");
        const text = document.createElement("span");
        text.textContent = item.text;
        const says = document.createElement("span");
        says.className = "soft";
        says.textContent = item.says;
        row.append(text, says);
        row.addEventListener("mousedown", (event) => { event.preventDefault(); take(place); });
        return row;
      }));
      list.hidden = !shown.length;
      input.setAttribute("aria-expanded", String(shown.length > 0));
      choose(-1);
    };
    input.addEventListener("focus", load, { once: true });
    input.addEventListener("input", refresh);
    input.addEventListener("blur", close);
    input.addEventListener("keydown", (event) => {
      if (list.hidden) {
        if (event.key === "Escape") input.blur();
        return;
      }
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        const step = event.key === "ArrowDown" ? 1 : -1;
        choose((chosen + step + shown.length + (chosen < 0 && step < 0 ? 1 : 0)) % shown.length);
      } else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) {
        event.preventDefault();
        take(chosen);
      } else if (event.key === "Escape") {
        event.preventDefault();
        close();
      }
    });
  };
  document.querySelectorAll("[data-complete]").forEach(attach);
})();

// --- drag over the histogram to zoom -----------------------------------------------------------------------------------
(() => {
  for (const figure of document.querySelectorAll("[data-zoom]")) {
    const svg = figure.querySelector("svg");
    const bars = [...svg.querySelectorAll("a[data-first]")];
    const mark = document.createElementNS("http://www.w3.org/2000/svg", "rect");
    mark.setAttribute("class", "selection");
    mark.setAttribute("height", "100%");
    mark.setAttribute("pointer-events", "none");
    let from = null;

    const barAt = (clientX) => bars.reduce((best, bar) => {
      const box = bar.querySelector("rect").getBoundingClientRect();
      const distance = Math.abs(clientX - (box.left + box.width / 2));
      return best && best.distance <= distance ? best : { bar, distance };
    }, null).bar;
    const place = (bar) => {
      const rect = bar.querySelector("rect");
      return [Number(rect.getAttribute("x")), Number(rect.getAttribute("width"))];
    };
    const span = (one, other) => (bars.indexOf(one) <= bars.indexOf(other) ? [one, other] : [other, one]);

    svg.addEventListener("dragstart", (event) => event.preventDefault());
    svg.addEventListener("pointerdown", (event) => {
      if (event.button === 0 && bars.length > 1) from = { bar: barAt(event.clientX), x: event.clientX, moved: false };
    });
    window.addEventListener("pointermove", (event) => {
      if (!from) return;
      if (Math.abs(event.clientX - from.x) > 6) from.moved = true;
      if (!from.moved) return;
      const [first, last] = span(from.bar, barAt(event.clientX));
      const [left] = place(first);
      const [right, width] = place(last);
      mark.setAttribute("x", left);
      mark.setAttribute("width", right + width - left);
      svg.append(mark);
    });
    window.addEventListener("pointerup", (event) => {
      const start = from;
      from = null;
      if (!start || !start.moved) return;
      svg.addEventListener("click", (click) => click.preventDefault(), { once: true, capture: true });
      const [first, last] = span(start.bar, barAt(event.clientX));
      const target = new URL(figure.dataset.zoom, location.href);
      target.searchParams.set("from", first.dataset.first);
      target.searchParams.set("to", last.dataset.last);
      location.assign(target);
    });
    window.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && from) { from = null; mark.remove(); }
    });
  }
})();

// --- small helpers of single pages ---------------------------------------------------------------------------------------
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
    button.textContent = "Copied";
  });
}
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
for (const button of document.querySelectorAll("[data-pick]")) {
  const form = button.form;
  button.hidden = false;
  button.addEventListener("click", () => {
    form.querySelectorAll(".pick, .split").forEach((part) => { part.hidden = false; });
    button.hidden = true;
  });
}
