// One lane a view, one row a rule that found something: what was found when, and when nobody was looking.
const GAP_DETECTOR = "recording_gap";

// Whether the ledger says of time without an analysed frame if frames came: then the two are told apart.
const TELLS_PRESENT = DATA.session.views.some((view) => view.not_analysed !== null);

function renderTimeline() {
  const section = byId("timeline");
  const lanes = el("div", { class: "lanes", on: { keydown: moveBetweenMarks } }, DATA.session.views.map(lane));
  refill(section,
    sectionTitle("timeline-title", words().timeline, legend()),
    lanes,
    DATA.findings.length > 0 && el("p", { class: "hint screen-only" }, words().timelineHint));
  const track = section.querySelector(".track");
  const width = track ? track.clientWidth : 600;
  for (const each of section.querySelectorAll(".lane")) {
    each.insertBefore(el("div", { class: "row axis-row" }, el("span", {}), axis(0, DATA.horizon_s, width)),
      each.querySelector(".rest"));
  }
  markShown();
}

function legend() {
  const severities = Object.keys(GLYPHS).map((name) => el("li", {}, glyph(name), words().severity[name]));
  return el("ul", { class: "legend" }, severities,
    el("li", {}, el("i", { class: "swatch unseen-time" }), TELLS_PRESENT ? words().noPicture : words().noRecording),
    TELLS_PRESENT && el("li", {}, el("i", { class: "swatch not-analysed" }), words().notAnalysed),
    el("li", {}, el("i", { class: "swatch unknown" }), words().unknown),
    DATA.happenings.length > 0 && el("li", {}, el("i", { class: "event-sign", "aria-hidden": "true" }, "!"), words().event));
}

function lane(view) {
  const found = DATA.findings.filter((finding) => finding.view === view.view);
  const rows = rowsOf(view, found);
  const rest = rows.filter((each) => !each.findings.length);
  return el("div", { class: "lane", role: "group", "aria-label": viewName(view.view) },
    el("h3", {}, viewName(view.view)),
    row(view, { label: words().recording, findings: found.filter(isGap), unknown: [], kind: "coverage" }),
    rows.filter((each) => each.findings.length).map((each) => row(view, each)),
    rest.length > 0 && el("details", { class: "rest", open: state.allRows, on: { toggle: keepOpen } },
      el("summary", {}, words().restRows(rest.length, rest.filter((each) => each.unknown.length).length)),
      rest.map((each) => row(view, each))));
}

function keepOpen(event) {
  state.allRows = event.target.open;
}

const isGap = (finding) => finding.detector === GAP_DETECTOR;

// Rules that found something by their own name; detectors that found nothing show that they looked.
function rowsOf(view, found) {
  const rows = [];
  for (const detector of DATA.detectors) {
    const byRule = groupByRule(found.filter((finding) => !isGap(finding) && finding.detector === detector.name));
    const looked = detector.views.find((each) => each.view === view.view);
    const unknown = looked ? looked.curve.unknown : [];
    if (byRule.length) rows.push(...byRule.map((each) => ({ ...each, unknown })));
    else if (looked) rows.push({ label: detectorName(detector.name), findings: [], unknown });
  }
  const known = DATA.detectors.map((detector) => detector.name);
  return rows.concat(groupByRule(found.filter((finding) => !isGap(finding) && !known.includes(finding.detector))));
}

function groupByRule(findings) {
  const groups = new Map();
  for (const finding of findings) {
    if (!groups.has(finding.rule)) groups.set(finding.rule, []);
    groups.get(finding.rule).push(finding);
  }
  return [...groups.values()].map((group) => ({ label: ruleName(group[0]), findings: group, unknown: [] }));
}

// Short, by its detector; the full title where two rules read the same detector or it has no short name.
function ruleName(finding) {
  const short = words().detector[finding.detector];
  return short && RULES_OF.get(finding.detector).size === 1 ? short : titleOf(finding);
}

function row(view, { label, findings, unknown, kind = "" }) {
  const whole = DATA.horizon_s;
  const events = kind === "coverage" ? DATA.happenings.filter((each) => each.view === null || each.view === view.view) : [];
  return el("div", { class: `row ${kind}${findings.length ? "" : " bare"}` },
    el("span", { class: "row-label", title: label }, label),
    el("div", { class: "track" },
      unknown.map(([start, end]) => band("unknown", start, end, 0, whole)),
      unanalysed(view, 0, whole),
      findings.map(mark), events.map(eventMark)));
}

function mark(finding) {
  const lines = () => [
    `${finding.id} · ${titleOf(finding)}`, `${span(finding)} (${lasting(finding)})`,
    `${words().severity[finding.severity]} · ${words().decision[decisionOf(finding.id)]}`,
  ];
  const show = (event) => tip.show(event.currentTarget, lines());
  return el("button", {
    type: "button", class: `mark ${finding.severity}`, "data-finding": finding.id, tabindex: "-1",
    "aria-label": lines().join(", "), style: place(finding.start_s, finding.end_s, 0, DATA.horizon_s),
    on: {
      click: () => select(finding.id, { focus: true }),
      pointerenter: show, focus: show, pointerleave: tip.hide, blur: tip.hide,
    },
  }, el("i", { class: "bar" }), glyph(finding.severity));
}

const marks = () => [...document.querySelectorAll(".mark:not([hidden])")];

// One stop for the tab key; the arrow keys walk through time.
function moveBetweenMarks(event) {
  const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!by || !event.target.classList.contains("mark")) return;
  event.preventDefault();
  const order = new Map(DATA.findings.map((finding, index) => [finding.id, index]));
  const byTime = marks().sort((a, b) => order.get(a.dataset.finding) - order.get(b.dataset.finding));
  const next = byTime[byTime.indexOf(event.target) + by];
  if (next) next.focus();
}

// Which marks the filters leave, which one is current, what is decided.
function markShown() {
  const ids = new Set(shownIds());
  for (const each of document.querySelectorAll(".mark")) each.hidden = !ids.has(each.dataset.finding);
  const shown = marks();
  const stop = shown.find((each) => each.dataset.finding === state.current) || shown[0];
  for (const each of shown) {
    each.setAttribute("tabindex", each === stop ? "0" : "-1");
    each.classList.toggle("current", each.dataset.finding === state.current);
    each.dataset.decision = decisionOf(each.dataset.finding);
  }
}
