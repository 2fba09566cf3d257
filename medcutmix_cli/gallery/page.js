"use strict";
/* The pairs of a run: a list that holds only the rows in sight, filters, histograms, and one pair at a time.
   Data come as JSON text through script tags (a page on file:// may not fetch). Text from it is set as text; the
   HTML of a pair was made and escaped by the program. */
(() => {
  const $ = (id) => document.getElementById(id);
  const setup = JSON.parse($("setup").textContent);
  const ROW = 76, BINS = 24, KEPT = 6;
  const VALUES = { lam: "weight", area: "area pasted", ground_p: "ground_p", align_quality: "align quality" };
  const CHOICES = { state: "state", finding: "finding", strategy: "strategy", side: "side", rule: "rule", split: "split", mode: "pictures" };
  const pairs = [], chosen = new Map(), ranges = new Map(), limits = new Map(), parts = new Map();
  let shown = [], at = -1, open = "", view = "beside", other = "recipient", timer = 0, held = false, asked = 0;

  /* --- data --- */
  const waiting = new Map();
  window.medcutmixTake = (name, text) => {
    waiting.get(name)?.resolve(JSON.parse(text));
    waiting.delete(name);
  };
  function load(name) {
    const inside = $(name);
    if (inside) return Promise.resolve(JSON.parse(inside.textContent));
    return new Promise((resolve, reject) => {
      const script = document.createElement("script");
      waiting.set(name, { resolve });
      script.addEventListener("load", () => script.remove());
      script.addEventListener("error", () => { waiting.delete(name); reject(new Error(name)); });
      script.src = `${setup.folder}/${name}.js`;
      document.head.append(script);
    });
  }
  async function part(number) {
    const found = parts.get(number) || load(`pairs-${number}`);
    parts.delete(number);
    parts.set(number, found);
    if (parts.size > KEPT) parts.delete(parts.keys().next().value);
    return found;
  }

  /* --- filters --- */
  function fits(pair) {
    for (const [key, value] of chosen) if (String(pair[key]) !== value) return false;
    for (const [key, [low, high]] of ranges) if (!(pair[key] >= low && pair[key] <= high) || pair[key] === null) return false;
    const words = $("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    return words.every((word) => pair.words.includes(word));
  }
  function compare(a, b, key, sign) {
    const x = pairs[a][key], y = pairs[b][key];
    if (x === y) return a - b;
    if (x === null || x === undefined) return 1;
    if (y === null || y === undefined) return -1;
    return (x < y ? -1 : 1) * sign;
  }
  function refresh(keep = true) {
    const key = $("sort").value, sign = $("turn").getAttribute("aria-pressed") === "true" ? -1 : 1;
    shown = [...pairs.keys()].filter((place) => fits(pairs[place]));
    if (key !== "order") shown.sort((a, b) => compare(a, b, key, sign));
    else if (sign < 0) shown.reverse();
    at = shown.findIndex((place) => pairs[place].id === open);
    $("count").textContent = `${shown.length.toLocaleString("en")} of ${pairs.length.toLocaleString("en")} pairs`;
    $("active").textContent = chosen.size + ranges.size ? `(${chosen.size + ranges.size})` : "";
    $("spacer").style.height = `${shown.length * ROW}px`;
    if (at < 0 && keep && shown.length) { show(0, false); $("list").scrollTop = 0; }
    if (!shown.length) nothing(pairs.length ? "No pair fits these filters." : "No shard is complete yet.");
    paint();
    drawHistograms();
  }
  function buildChoices() {
    const box = $("choices");
    box.replaceChildren();
    for (const [key, name] of Object.entries(CHOICES)) {
      const counts = new Map();
      for (const pair of pairs) counts.set(String(pair[key]), (counts.get(String(pair[key])) || 0) + 1);
      if (counts.size < 2) continue;
      const label = document.createElement("label"), select = document.createElement("select");
      const words = document.createElement("span");
      words.textContent = name;
      select.id = `choose-${key}`;
      select.add(new Option("all", " all"));
      for (const [value, count] of [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)))
        select.add(new Option(`${(value || "none").replaceAll("_", " ")} (${count})`, value));
      select.value = chosen.has(key) ? chosen.get(key) : " all";
      select.addEventListener("change", () => {
        if (select.value === " all") chosen.delete(key); else chosen.set(key, select.value);
        refresh();
      });
      label.append(words, select);
      box.append(label);
    }
  }
  function buildHistograms() {
    const box = $("histograms");
    box.replaceChildren();
    for (const [key, name] of Object.entries(VALUES)) {
      const known = pairs.map((pair) => pair[key]).filter((value) => typeof value === "number");
      if (new Set(known).size < 2) continue;
      let low = Infinity, high = -Infinity;
      for (const value of known) { low = Math.min(low, value); high = Math.max(high, value); }
      limits.set(key, [low, high]);
      const figure = document.createElement("div"), said = document.createElement("p"), bars = document.createElement("div");
      figure.className = "histogram"; figure.id = `histogram-${key}`; bars.className = "bars";
      for (let bin = 0; bin < BINS; bin++) {
        const bar = document.createElement("i");
        bar.append(document.createElement("b"));
        bar.addEventListener("click", () => { setRange(key, bin, bin + 1, true); });
        bars.append(bar);
      }
      figure.append(said, bars);
      for (const end of ["least", "most"]) {
        const input = document.createElement("input");
        input.type = "range"; input.min = 0; input.max = BINS; input.step = 1; input.className = end;
        input.value = end === "least" ? 0 : BINS;
        input.setAttribute("aria-label", `${name}, ${end}`);
        input.addEventListener("input", () => {
          const [a, b] = [...figure.querySelectorAll("input")].map((one) => Number(one.value));
          setRange(key, Math.min(a, b), Math.max(a, b));
        });
        figure.append(input);
      }
      box.append(figure);
    }
  }
  function setRange(key, first, last, again = false) {
    const [low, high] = limits.get(key), step = (high - low) / BINS;
    const next = [first === 0 ? low : low + first * step, last === BINS ? high : low + last * step];
    const same = again && ranges.has(key) && ranges.get(key).join() === next.join();
    if (same || (first === 0 && last === BINS)) ranges.delete(key); else ranges.set(key, next);
    const inputs = $(`histogram-${key}`).querySelectorAll("input");
    inputs[0].value = same ? 0 : first; inputs[1].value = same ? BINS : last;
    refresh();
  }
  function drawHistograms() {
    if (!$("filters").open) return;
    for (const [key, [low, high]] of limits) {
      const all = new Array(BINS).fill(0), some = new Array(BINS).fill(0);
      const bin = (value) => Math.min(BINS - 1, Math.floor(((value - low) / (high - low)) * BINS));
      for (const pair of pairs) if (typeof pair[key] === "number") all[bin(pair[key])]++;
      for (const place of shown) if (typeof pairs[place][key] === "number") some[bin(pairs[place][key])]++;
      const most = Math.max(1, ...all), figure = $(`histogram-${key}`);
      const [from, to] = ranges.get(key) || [low, high];
      const digits = high - low < 0.1 ? 4 : 2;
      figure.querySelector("p").textContent = `${VALUES[key]}  ${from.toFixed(digits)} to ${to.toFixed(digits)}`;
      figure.querySelectorAll("i").forEach((bar, number) => {
        bar.style.setProperty("--all", `${(100 * all[number]) / most}%`);
        bar.style.setProperty("--some", `${(100 * some[number]) / most}%`);
        bar.title = `${(low + (number * (high - low)) / BINS).toFixed(3)} and more: ${some[number]} of ${all[number]}`;
      });
    }
  }
  function reset() {
    chosen.clear(); ranges.clear(); $("search").value = "";
    buildChoices(); buildHistograms(); refresh();
  }

  /* --- list --- */
  function paint() {
    const list = $("list"), spacer = $("spacer");
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 3);
    const last = Math.min(shown.length, Math.ceil((list.scrollTop + list.clientHeight) / ROW) + 3);
    const there = new Map([...spacer.children].map((row) => [row.dataset.key, row]));
    for (let place = first; place < last; place++) {
      const pair = pairs[shown[place]], key = `${place}/${pair.id}`;
      let row = there.get(key);
      if (!row) { row = rowOf(pair, place); row.dataset.key = key; spacer.append(row); }
      row.setAttribute("aria-selected", String(pair.id === open));
      there.delete(key);
    }
    for (const row of there.values()) row.remove();
  }
  function rowOf(pair, place) {
    const row = document.createElement("div"), words = document.createElement("div");
    row.className = `row ${pair.state}`; row.id = `row-${place}`; row.setAttribute("role", "option");
    row.setAttribute("aria-posinset", place + 1); row.setAttribute("aria-setsize", shown.length);
    row.style.top = `${place * ROW}px`;
    row.append(thumb(pair), words);
    for (const [kind, text] of [["b", pair.exchange], ["span", pair.rule || figures(pair)], ["code", pair.id]]) {
      const line = document.createElement(kind);
      line.textContent = kind === "b" ? plain(text) : text;
      words.append(line);
    }
    row.addEventListener("click", () => show(place));
    return row;
  }
  function thumb(pair) {
    const picture = document.createElement(pair.thumb ? "img" : "i");
    if (pair.thumb) { picture.src = pair.thumb; picture.alt = ""; picture.decoding = "async"; }
    picture.className = "thumb";
    return picture;
  }
  const plain = (name) => name.replaceAll("_", " ");
  function figures(pair) {
    const said = [pair.strategy, pair.side && pair.side !== "none" ? pair.side : ""];
    if (pair.lam !== null) said.push(`lam ${pair.lam.toFixed(2)}`);
    return said.filter(Boolean).join(", ");
  }

  /* --- one pair --- */
  function nothing(text) {
    const said = document.createElement("p");
    said.className = "nothing"; said.textContent = text;
    $("pair").replaceChildren(said);
    open = ""; at = -1; asked++;
  }
  async function show(place, link = true) {
    if (place < 0 || place >= shown.length) return;
    const pair = pairs[shown[place]], mine = ++asked;
    open = pair.id; at = place;
    $("list").setAttribute("aria-activedescendant", `row-${place}`);
    scrollTo(place); paint();
    if (link) history.replaceState(null, "", `#pair=${encodeURIComponent(pair.id)}`);
    let content;
    try {
      const held = pair.part < 0 ? null : (await part(pair.part))[pair.id];
      content = held ? articleOf(held) : unseen(pair);
    } catch (error) {
      content = document.createElement("p");
      content.className = "nothing";
      content.textContent = `The folder ${decodeURIComponent(setup.folder)} must lie beside this page: ${error.message} cannot be read.`;
    }
    if (mine !== asked) return;
    $("pair").replaceChildren(content);
    arrange();
    if (place + 1 < shown.length && pairs[shown[place + 1]].part >= 0) part(pairs[shown[place + 1]].part).catch(() => {});
  }
  function articleOf(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  }
  function unseen(pair) {
    const article = document.createElement("article"), title = document.createElement("h2");
    title.textContent = plain(pair.exchange);
    const facts = document.createElement("dl"), reason = setup.reasons[pair.rule] || {};
    const rows = { rule: pair.rule, "what happened": reason.what, why: reason.why, "what to do": reason.advice,
      "pair": pair.id, recipient: pair.recipient, donor: pair.donor, strategy: pair.strategy, split: pair.split,
      "see it": `medcutmix inspect RUN --pair ${pair.id}` };
    for (const [name, text] of Object.entries(rows)) {
      if (!text) continue;
      const term = document.createElement("dt"), said = document.createElement("dd");
      term.textContent = name; said.textContent = text;
      facts.append(term, said);
    }
    const badge = document.createElement("p"), sign = document.createElement("span");
    badge.className = "badges"; sign.className = "badge"; sign.textContent = `${pair.state}: not written`;
    badge.append(sign);
    article.append(title, badge, facts);
    return article;
  }
  function scrollTo(place) {
    const list = $("list"), top = place * ROW;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + ROW > list.scrollTop + list.clientHeight) list.scrollTop = top + ROW - list.clientHeight;
  }

  /* --- comparing --- */
  function arrange() {
    clearInterval(timer);
    held = false;
    document.querySelectorAll("[data-view]").forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.view === view)));
    const article = $("pair").querySelector("article"), before = $("pair").querySelector(".compare");
    if (before) before.remove();
    const pictures = article && article.querySelector(".pictures");
    if (!pictures) return;
    const roles = sourcesOf(pictures);
    const possible = view !== "beside" && roles.mix && roles[other];
    pictures.hidden = Boolean(possible);
    if (possible) pictures.before(view === "slider" ? slider(roles) : blinker(roles));
  }
  function sourcesOf(pictures) {
    const roles = {};
    for (const figure of pictures.querySelectorAll("figure[data-role]")) {
      const picture = figure.querySelector("img.base");
      if (picture) roles[figure.dataset.role] = picture.getAttribute("src");
    }
    return roles;
  }
  function stage(roles, said) {
    const box = document.createElement("div"), frame = document.createElement("div"), line = document.createElement("p");
    box.className = "compare"; frame.className = "picture"; line.className = "said";
    for (const role of [other, "mix"]) {
      const picture = document.createElement("img");
      picture.src = roles[role]; picture.alt = role; picture.className = role === "mix" ? "over" : "under";
      frame.append(picture);
    }
    line.textContent = said;
    box.append(frame, line);
    return box;
  }
  function slider(roles) {
    const box = stage(roles, `left of the line: ${other}; right of it: the mix (d: the other parent)`);
    const input = document.createElement("input"), over = box.querySelector(".over"), frame = box.firstChild;
    input.type = "range"; input.min = 0; input.max = 100; input.value = 50; input.id = "divide";
    input.setAttribute("aria-label", `Share of the picture that shows the ${other}`);
    const line = document.createElement("i");
    line.className = "divider";
    const move = (share) => {
      input.value = share;
      over.style.clipPath = `inset(0 0 0 ${share}%)`;
      line.style.left = `${share}%`;
    };
    input.addEventListener("input", () => move(Number(input.value)));
    const drag = (event) => {
      const bounds = frame.getBoundingClientRect();
      if (event.buttons) move(Math.max(0, Math.min(100, (100 * (event.clientX - bounds.left)) / bounds.width)));
    };
    frame.addEventListener("pointerdown", (event) => { frame.setPointerCapture(event.pointerId); drag(event); });
    frame.addEventListener("pointermove", drag);
    frame.append(line);
    move(50);
    box.lastChild.before(input);
    return box;
  }
  function blinker(roles) {
    const box = stage(roles, "");
    const step = () => {
      const mixed = box.classList.toggle("flipped");
      box.lastChild.textContent = `${mixed ? other : "mix"}   (space holds, d: the other parent)`;
    };
    box.step = step;
    step();
    held = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (!held) timer = setInterval(step, 700);
    return box;
  }
  function hold() {
    const box = $("pair").querySelector(".compare");
    if (!box || !box.step) return false;
    if (held) box.step();
    held = true;
    clearInterval(timer);
    return true;
  }
  function choose(next) { view = next; arrange(); }

  /* --- keys --- */
  const flip = (id) => { $(id).checked = !$(id).checked; };
  const KEYS = {
    j: () => show(at + 1), ArrowDown: () => show(at + 1), k: () => show(at - 1), ArrowUp: () => show(at - 1),
    Home: () => show(0), End: () => show(shown.length - 1),
    1: () => choose("beside"), 2: () => choose("slider"), 3: () => choose("blink"),
    d: () => { other = other === "recipient" ? "donor" : "recipient"; arrange(); },
    m: () => flip("show-maps"), o: () => flip("show-outlines"), w: () => flip("show-shares"), f: () => flip("show-entities"),
    "/": () => { $("search").focus(); $("search").select(); },
    t: () => $("turn").click(), r: reset, "?": () => $("keys").showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
    const typing = event.target.matches("input[type=search], select, input[type=range]");
    if (typing) { if (event.key === "Escape") { event.target.blur(); $("list").focus(); } return; }
    if (event.key === " " && !event.target.matches("button, input, summary") && hold()) { event.preventDefault(); return; }
    if (!Object.hasOwn(KEYS, event.key)) return;
    event.preventDefault();
    KEYS[event.key]();
  });

  /* --- beginning --- */
  function linked() {
    const found = /^#pair=(.+)$/.exec(location.hash);
    if (!found) return false;
    let id;
    try { id = decodeURIComponent(found[1]); } catch { return false; }
    let place = shown.findIndex((one) => pairs[one].id === id);
    if (place < 0) place = id.length > 3 ? shown.findIndex((one) => pairs[one].id.startsWith(id)) : -1;
    if (place < 0) return false;
    show(place, false);
    return true;
  }
  function take(table) {
    for (const values of table.rows) {
      const pair = Object.fromEntries(table.fields.map((field, place) => [field, values[place]]));
      pair.words = [pair.id, pair.exchange, pair.recipient, pair.donor, pair.rule].join(" ").replaceAll("_", " ").toLowerCase();
      pairs.push(pair);
    }
  }
  async function begin() {
    for (const [value, name] of Object.entries({ order: "mixed first", ...VALUES, finding: "finding", rule: "rule", id: "id" })) $("sort").add(new Option(name, value));
    try {
      for (let number = 0; number < setup.index_parts; number++) {
        take(await load(`index-${number}`));
        if (number === 0) { refresh(!location.hash.startsWith("#pair=")); linked(); }
      }
    } catch (error) {
      nothing(`The folder ${decodeURIComponent(setup.folder)} must lie beside this page: ${error.message} cannot be read.`);
      return;
    }
    buildChoices(); buildHistograms();
    const missing = location.hash.startsWith("#pair=") && !open;
    refresh(!missing);
    if (missing && !linked() && shown.length) show(0, false);
    document.documentElement.dataset.ready = "yes";
  }
  $("list").addEventListener("scroll", paint, { passive: true });
  new ResizeObserver(paint).observe($("list"));
  $("search").addEventListener("input", () => refresh());
  $("sort").addEventListener("change", () => refresh());
  $("turn").addEventListener("click", () => {
    $("turn").setAttribute("aria-pressed", String($("turn").getAttribute("aria-pressed") !== "true"));
    refresh();
  });
  $("filters").addEventListener("toggle", drawHistograms);
  $("reset").addEventListener("click", reset);
  $("previous").addEventListener("click", () => show(at - 1));
  $("next").addEventListener("click", () => show(at + 1));
  $("help").addEventListener("click", () => $("keys").showModal());
  document.querySelectorAll("[data-view]").forEach((button) => button.addEventListener("click", () => choose(button.dataset.view)));
  window.addEventListener("hashchange", linked);
  begin();
})();
