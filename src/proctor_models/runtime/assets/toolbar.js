// How far the review has come, where it is kept, and which findings are shown.
function renderToolbar() {
  const rules = new Map(DATA.findings.map((finding) => [finding.rule, ruleName(finding)]));
  const views = DATA.session.views.map((view) => [view.view, viewName(view.view)]);
  const order = choice("order", words().byOrder, Object.entries(words().order), null, (value) => { state.order = value; });
  order.querySelector("select").value = state.order;
  refill(byId("toolbar"),
    el("h2", { id: "toolbar-title", class: "unseen" }, words().filters),
    el("p", { id: "progress" }),
    el("div", { class: "kept" }, el("p", { id: "saved" }), exchangeButtons()),
    el("details", { class: "fold", open: matchMedia("(min-width: 761px)").matches }, el("summary", {}, words().filter),
      el("div", { class: "filters" },
      filter("severity", words().bySeverity, Object.entries(words().severity)),
      filter("rule", words().byRule, [...rules]),
      views.length > 1 && filter("view", words().byView, views),
      filter("decision", words().byDecision, Object.entries(words().decision)), order)),
    keyHelp());
  byId("toolbar").hidden = DATA.findings.length === 0;
  showProgress();
  showSaved();
  measureBar();
}

// It stays in sight while the page moves under it: what is scrolled to must stop below.
function measureBar() {
  document.documentElement.style.setProperty("--bar", `${byId("toolbar").offsetHeight}px`);
}

function filter(name, label, options) {
  const made = choice(name, label, options, words().all, (value) => { state.filters[name] = value; });
  made.querySelector("select").value = state.filters[name];
  return made;
}

function choice(name, label, options, all, put) {
  const change = (event) => {
    put(event.target.value);
    applyFilters();
  };
  const select = el("select", { name, on: { change } },
    [...(all ? [["", all]] : []), ...options].map(([value, text]) => el("option", { value }, text)));
  return el("label", {}, el("span", {}, label), select);
}

function keyHelp() {
  const keys = words().keyHelp.map(([key, text]) => el("span", {}, key.split(" ").map((each) => el("kbd", {}, each)), ` ${text}`));
  const change = (event) => { state.keys = event.target.checked; };
  return el("div", { class: "keys" },
    el("label", {}, el("input", { type: "checkbox", checked: state.keys, on: { change } }), words().keys), keys);
}

function showProgress() {
  const done = judged();
  const all = DATA.findings.length;
  const bar = el("progress", { max: Math.max(1, all), value: done, "aria-label": words().reviewed });
  refill(byId("progress"), el("strong", {}, words().judged(done, all)),
    done === all && all > 0 && el("span", { class: "done" }, ` ✓ ${words().allJudged}`), bar);
}

// Where decisions are kept, or `instead` for once.
function showSaved(instead = "") {
  const line = byId("saved");
  if (!line) return;
  const { text, bad = false, again = false } = keeper.words();
  line.className = bad ? "warning" : "";
  refill(line, instead || text,
    again && el("button", { type: "button", class: "link", on: { click: keeper.retry } }, words().tryAgain));
  if (instead || bad) announce(instead || text);
  measureBar();
}

function applyFilters() {
  state.justDecided.clear();
  const ids = shownIds();
  renderList();
  setCurrent(ids.includes(state.current) ? state.current : ids[0] || null);
}

function clearFilters() {
  state.filters = { severity: "", rule: "", view: "", decision: "" };
  renderToolbar();
  applyFilters();
}
