// All findings in short, by severity or by time; those close together under one head.
function renderList() {
  const groups = shownGroups();
  const wide = matchMedia("(min-width: 900px)").matches;
  const before = byId("list") ? byId("list").open : wide;
  const heads = new Set();
  const items = groups.flatMap((group) => {
    const { severity } = group.shown[0];
    const head = state.order === "severity" && !heads.has(severity) && severityHead(severity, groups);
    heads.add(severity);
    return [head, group.shown.length > 1 ? groupItem(group) : el("li", {}, findingRow(group.shown[0]))];
  });
  refill(byId("findings-list"),
    el("details", { id: "list", open: wide || before },
      el("summary", { id: "findings-title" }, el("h2", {}, words().findings), el("span", { class: "count" }, String(shownIds().length))),
      el("ol", { class: "list" }, items)),
    DATA.findings.length > 0 && !groups.length && el("p", { class: "empty" }, words().noMatch, " ",
      el("button", { type: "button", class: "link", on: { click: clearFilters } }, words().clearFilters)));
  for (const finding of DATA.findings) showInList(finding.id);
}

function severityHead(severity, groups) {
  const count = groups.filter((group) => group.shown[0].severity === severity)
    .reduce((sum, group) => sum + group.shown.length, 0);
  return el("li", { class: "severity-head" }, glyph(severity), words().severity[severity], el("span", { class: "count" }, String(count)));
}

function groupItem(group) {
  return el("li", { class: "group" },
    el("p", {}, titleOf(group.shown[0]), el("span", { class: "count" }, words().groupOf(group.shown.length))),
    el("ol", {}, group.shown.map((finding) => el("li", {}, findingRow(finding)))));
}

function findingRow(finding) {
  return el("button", {
    type: "button", class: "finding-row", id: `row-${finding.id}`, on: { click: () => select(finding.id, { focus: true }) },
  }, glyph(finding.severity),
  el("span", { class: "row-text" }, el("span", { class: "row-title" }, titleOf(finding)),
    el("small", {}, `${clock(finding.start_s)} · ${lasting(finding)} · ${words().view[finding.view]}`,
      finding.interrupted && el("b", { title: words().interrupted }, " ⌁"))),
  el("span", { class: "row-decision" }));
}

const SIGNS = { confirmed: "✓", dismissed: "✕", open: "" };

function showInList(id) {
  const row = byId(`row-${id}`);
  if (!row) return;
  const decision = decisionOf(id);
  row.dataset.decision = decision;
  row.querySelector(".row-decision").replaceChildren(SIGNS[decision], el("span", { class: "unseen" }, ` ${words().decision[decision]}`));
  if (id === state.current) row.setAttribute("aria-current", "true");
  else row.removeAttribute("aria-current");
}

// Only the list is scrolled, never the page.
function revealInList(id) {
  const row = byId(`row-${id}`);
  const list = document.querySelector(".list");
  if (!row || list.scrollHeight <= list.clientHeight) return;
  const above = row.getBoundingClientRect().top - list.getBoundingClientRect().top;
  if (above < 0 || above + row.offsetHeight > list.clientHeight) list.scrollTop += above - list.clientHeight / 3;
}
