// One card a finding: what, when, under which article, and what the camera saw.
function renderFindings() {
  const count = el("span", { class: "count" }, String(DATA.findings.length));
  const body = DATA.findings.length ? DATA.findings.map(card) : emptyState();
  refill(byId("findings"),
    sectionTitle("findings-title", words().findings, count), el("div", { class: "cards" }, body),
    el("p", { class: "empty", id: "no-match", hidden: true }, words().noMatch, " ",
      el("button", { type: "button", class: "link", on: { click: clearFilters } }, words().clearFilters)));
  for (const finding of DATA.findings) showDecision(finding.id);
  const curves = byId("findings").querySelectorAll(".around");
  for (const each of curves) {
    each.append(axis(Number(each.dataset.from), Number(each.dataset.to), each.clientWidth));
  }
}

function emptyState() {
  return el("div", { class: "empty" }, el("h3", {}, words().noFindings), el("p", {}, words().noFindingsWhy));
}

function card(finding) {
  return el("article", {
    class: `card ${finding.severity}`, id: finding.id, tabindex: "-1", "aria-labelledby": `${finding.id}-title`,
    on: { focusin: () => setCurrent(finding.id), pointerdown: () => setCurrent(finding.id) },
  }, cardHead(finding), el("div", { class: "card-body" }, pictures(finding),
    el("div", { class: "card-text" }, article(finding), cardFacts(finding), around(finding), decide(finding))));
}

function cardHead(finding) {
  const other = state.language === "zh" ? "en" : "zh";
  return el("header", {},
    el("span", { class: `chip ${finding.severity}` }, glyph(finding.severity), words().severity[finding.severity]),
    el("h3", { id: `${finding.id}-title` }, titleOf(finding),
      el("small", { lang: languageCode(other) }, finding.title[other])),
    el("span", { class: "badge" }));
}

function article(finding) {
  return el("div", { class: "rule-text", role: "group", "aria-label": words().article },
    el("p", { lang: "zh-CN" }, finding.article.zh), el("p", { lang: "en" }, finding.article.en));
}

function cardFacts(finding) {
  const scored = finding.peak_score !== null && finding.threshold !== null;
  const peak = scored ? words().peakAgainst(score(finding.peak_score), score(finding.threshold)) : words().noScore;
  return el("dl", { class: "card-facts" },
    fact(words().time, span(finding), lasting(finding)),
    fact(words().where, viewName(finding.view)),
    fact(words().peak, peak));
}

function around(finding) {
  const { curve } = finding;
  if (!curve) return null;
  const view = viewNamed(finding.view);
  const scored = finding.peak_s !== null && finding.peak_score !== null;
  return el("div", { class: "around", "data-from": curve.from_s, "data-to": curve.to_s },
    el("h4", {}, words().scoreAround, curve.unknown.length ? el("small", {}, el("i", { class: "swatch unknown" }), words().unknown) : null),
    plot({
      curve, threshold: finding.threshold, gaps: view ? view.gaps : [], findings: [finding],
      peak: scored ? { time: finding.peak_s, score: finding.peak_score } : null,
      label: `${words().scoreAround}: ${words().peakAgainst(score(finding.peak_score), score(finding.threshold))}`,
    }));
}

function decide(finding) {
  const button = (decision, label, key) => el("button", {
    type: "button", class: decision, "data-decision": decision, "aria-keyshortcuts": key,
    on: { click: () => decideOn(finding.id, decision) },
  }, label, el("kbd", {}, key));
  return el("div", { class: "decide screen-only" },
    button("confirmed", words().confirm, "c"), button("dismissed", words().dismiss, "d"), button("open", words().undo, "u"));
}

function showDecision(id) {
  const node = byId(id);
  const decision = decisionOf(id);
  node.dataset.decision = decision;
  node.querySelector(".badge").textContent = `${id} · ${words().decision[decision]}`;
  for (const button of node.querySelectorAll(".decide button")) {
    if (button.dataset.decision === "open") button.disabled = decision === "open";
    else button.setAttribute("aria-pressed", String(button.dataset.decision === decision));
  }
}
