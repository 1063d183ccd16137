// One lane a view, one row a detector or rule: what was found when, and when nobody was looking.
const GAP_DETECTOR = "recording_gap";

function renderTimeline() {
  const section = byId("timeline");
  const lanes = el("div", { class: "lanes", on: { keydown: moveBetweenMarks } },
    DATA.session.views.map(lane));
  refill(section,
    sectionTitle("timeline-title", words().timeline, legend()),
    lanes,
    DATA.findings.length > 0 && el("p", { class: "hint screen-only" }, words().timelineHint));
  const track = section.querySelector(".track");
  const width = track ? track.clientWidth : 600;
  for (const each of section.querySelectorAll(".lane")) {
    each.append(el("div", { class: "row axis-row" }, el("span", {}), axis(0, DATA.horizon_s, width)));
  }
  markCurrent();
}

function legend() {
  const severities = Object.keys(GLYPHS).map((name) => el("li", {}, glyph(name), words().severity[name]));
  return el("ul", { class: "legend" }, severities,
    el("li", {}, el("i", { class: "swatch unseen-time" }), words().noRecording),
    el("li", {}, el("i", { class: "swatch unknown" }), words().unknown));
}

function lane(view) {
  const found = DATA.findings.filter((finding) => finding.view === view.view);
  return el("div", { class: "lane", role: "group", "aria-label": viewName(view.view) },
    el("h3", {}, viewName(view.view)),
    row(view, words().recording, found.filter(isGap), { kind: "coverage" }),
    rowsOf(view, found).map(([label, findings, unknown]) => row(view, label, findings, { unknown })));
}

const isGap = (finding) => finding.detector === GAP_DETECTOR;

// Rules that found something by their own name; detectors that found nothing show that they looked.
function rowsOf(view, found) {
  const rows = [];
  for (const detector of DATA.detectors) {
    const byRule = groupByRule(found.filter((finding) => !isGap(finding) && finding.detector === detector.name));
    const looked = detector.views.find((each) => each.view === view.view);
    const unknown = looked ? looked.curve.unknown : [];
    if (byRule.length) rows.push(...byRule.map((group) => [...group, unknown]));
    else if (looked) rows.push([detectorName(detector.name), [], unknown]);
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
  return [...groups.values()].map((group) => [ruleName(group[0]), group]);
}

// Short, by its detector; the full title where two rules read the same detector.
function ruleName(finding) {
  const same = new Set(DATA.findings.filter((each) => each.detector === finding.detector).map((each) => each.rule));
  return same.size === 1 ? detectorName(finding.detector) : titleOf(finding);
}

function row(view, label, findings, { kind = "", unknown = [] }) {
  const whole = DATA.horizon_s;
  return el("div", { class: `row ${kind}` },
    el("span", { class: "row-label", title: label }, label),
    el("div", { class: "track" },
      unknown.map(([start, end]) => band("unknown", start, end, 0, whole)),
      view.gaps.map(([start, end]) => band("unseen-time", start, end, 0, whole)),
      findings.map(mark)));
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
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.classList.contains("mark")) return;
  event.preventDefault();
  const order = DATA.findings.map((finding) => finding.id);
  const byTime = marks().sort((a, b) => order.indexOf(a.dataset.finding) - order.indexOf(b.dataset.finding));
  const next = byTime[byTime.indexOf(event.target) + step];
  if (next) next.focus();
}

function markCurrent() {
  const shown = marks();
  const stop = shown.find((each) => each.dataset.finding === state.current) || shown[0];
  for (const each of shown) {
    each.setAttribute("tabindex", each === stop ? "0" : "-1");
    each.classList.toggle("current", each.dataset.finding === state.current);
    each.dataset.decision = decisionOf(each.dataset.finding);
  }
}
