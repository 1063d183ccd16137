// Which findings are shown, how far the review has come, and its export.
function renderToolbar() {
  const rules = new Map(DATA.findings.map((finding) => [finding.rule, ruleName(finding)]));
  const views = DATA.session.views.map((view) => [view.view, viewName(view.view)]);
  refill(byId("toolbar"),
    el("h2", { id: "toolbar-title", class: "unseen" }, words().filters),
    el("div", { class: "filters" },
      choice("severity", words().bySeverity, Object.entries(words().severity)),
      choice("rule", words().byRule, [...rules]),
      choice("view", words().byView, views),
      choice("decision", words().byDecision, Object.entries(words().decision))),
    el("div", { class: "review" },
      el("p", { id: "progress" }),
      el("button", { type: "button", class: "export", on: { click: exportDecisions } }, words().export)),
    keyHelp(),
    state.kept ? null : el("p", { class: "warning" }, words().notKept));
  byId("toolbar").hidden = DATA.findings.length === 0;
  showProgress();
}

function choice(name, label, options) {
  const change = (event) => {
    state.filters[name] = event.target.value;
    applyFilters();
  };
  const select = el("select", { name, on: { change } },
    [["", words().all], ...options].map(([value, text]) => el("option", { value }, text)));
  select.value = state.filters[name];
  return el("label", {}, el("span", {}, label), select);
}

function keyHelp() {
  const keys = Object.entries(words().keyHelp).map(([key, text]) => el("span", {}, el("kbd", {}, key), ` ${text}`));
  const change = (event) => { state.keys = event.target.checked; };
  return el("div", { class: "keys" },
    el("label", {}, el("input", { type: "checkbox", checked: state.keys, on: { change } }), words().keys), keys);
}

function showProgress() {
  const decided = DATA.findings.filter((finding) => decisionOf(finding.id) !== "open").length;
  const bar = el("progress", { max: Math.max(1, DATA.findings.length), value: decided, "aria-label": words().reviewed });
  refill(byId("progress"),
    `${words().reviewed} ${decided} / ${DATA.findings.length}`, bar);
}

function matches(finding) {
  const { severity, rule, view, decision } = state.filters;
  return (!severity || finding.severity === severity) && (!rule || finding.rule === rule)
    && (!view || finding.view === view) && (!decision || decisionOf(finding.id) === decision);
}

// Only when a filter changes: a card must not vanish under the hand that just decided on it.
function applyFilters() {
  const shown = new Set(DATA.findings.filter(matches).map((finding) => finding.id));
  for (const finding of DATA.findings) byId(finding.id).hidden = !shown.has(finding.id);
  for (const mark of document.querySelectorAll(".mark")) mark.hidden = !shown.has(mark.dataset.finding);
  byId("no-match").hidden = shown.size > 0 || DATA.findings.length === 0;
  if (state.current && !shown.has(state.current)) setCurrent([...shown][0] || null);
  markCurrent();
}

function clearFilters() {
  state.filters = { severity: "", rule: "", view: "", decision: "" };
  renderToolbar();
  applyFilters();
}
