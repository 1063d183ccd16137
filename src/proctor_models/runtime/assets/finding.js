// The current finding: what, when, under which article, what the camera saw, and what a person says of it.
function renderCard() {
  const finding = FINDINGS.get(state.current);
  refill(byId("stage"), finding ? card(finding) : DATA.findings.length ? null : emptyState());
  if (!finding) return;
  drawAxes(byId("stage"));
  showDecision(finding.id);
}

function drawAxes(within) {
  for (const each of within.querySelectorAll(".around")) {
    each.append(axis(Number(each.dataset.from), Number(each.dataset.to), each.clientWidth || 400));
  }
}

function emptyState() {
  return el("div", { class: "empty" }, el("h3", {}, words().noFindings), el("p", {}, words().noFindingsWhy));
}

function card(finding) {
  return el("article", {
    class: `card ${finding.severity}`, "data-finding": finding.id, tabindex: "-1", "aria-labelledby": `${finding.id}-title`,
  }, cardHead(finding),
  el("div", { class: "card-body" },
    el("div", { class: "card-seen" }, pictures(finding), finding.clips.map(clip)),
    el("div", { class: "card-text" }, cardFacts(finding), around(finding), closeTogether(finding), article(finding))),
  decide(finding));
}

function cardHead(finding) {
  const other = state.language === "zh" ? "en" : "zh";
  return el("header", {},
    el("span", { class: `chip ${finding.severity}` }, glyph(finding.severity), words().severity[finding.severity]),
    el("h3", { id: `${finding.id}-title` }, titleOf(finding),
      el("small", { lang: languageCode(other) }, finding.title[other])),
    el("span", { class: "badge" }),
    finding.interrupted && el("p", { class: "interrupted" }, `⌁ ${words().interrupted}`));
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
      curve, threshold: finding.threshold, view, findings: [finding],
      peak: scored ? { time: finding.peak_s, score: finding.peak_score } : null,
      label: `${words().scoreAround}: ${words().peakAgainst(score(finding.peak_score), score(finding.threshold))}`,
    }));
}

// Its neighbours under the same rule: all their peaks side by side, so that one look judges them.
function closeTogether(finding) {
  const ids = groupOf(finding.id);
  if (ids.length < 2) return null;
  const open = stillOpen(ids);
  const judge = (decision, label, key) => el("button", {
    type: "button", class: "plain", disabled: !open.length, "aria-keyshortcuts": `Shift+${key}`,
    on: { click: (event) => decideByHand(event, open, decision) },
  }, label, el("kbd", {}, `⇧${key}`));
  return el("section", { class: "together", "aria-label": words().group(ids.indexOf(finding.id) + 1, ids.length) },
    el("div", { class: "together-head" },
      el("h4", {}, words().group(ids.indexOf(finding.id) + 1, ids.length)),
      el("div", { class: "together-buttons screen-only" },
        judge("confirmed", words().confirmAll(open.length), "C"), judge("dismissed", words().dismissAll(open.length), "D"))),
    el("p", { class: "hint" }, words().groupHint),
    el("ol", { class: "film", tabindex: "-1" }, ids.map((id) => el("li", {}, neighbour(FINDINGS.get(id), finding)))));
}

function neighbour(each, current) {
  const [first] = picturesOf(each);
  return el("button", {
    type: "button", class: "neighbour", "aria-current": each === current ? "true" : null, "data-decision": decisionOf(each.id),
    "aria-label": `${each.id}, ${clock(each.start_s)}, ${words().decision[decisionOf(each.id)]}`,
    on: { click: () => select(each.id, { focus: true }) },
  }, first && first.state === "shown" ? framed(first) : el("span", { class: "no-picture" }, words().pictureState.none),
  el("span", {}, clock(each.start_s), ` ${SIGNS[decisionOf(each.id)]}`));
}

function decide(finding) {
  const button = (decision, label, key) => el("button", {
    type: "button", class: decision, "data-decision": decision, "aria-keyshortcuts": key,
    on: { click: (event) => decideByHand(event, [finding.id], decision) },
  }, el("span", {}, label), el("kbd", {}, key));
  const move = (by, label, key, sign) => el("button", {
    type: "button", class: "move", "aria-label": label, title: label, "aria-keyshortcuts": key, on: { click: () => step(by) },
  }, sign, el("kbd", { "aria-hidden": "true" }, key));
  return el("div", { class: "decide screen-only", role: "group", "aria-label": words().filters },
    move(-1, words().previous, "K", "‹"),
    button("confirmed", words().confirm, "C"), button("dismissed", words().dismiss, "D"),
    move(1, words().next, "J", "›"), button("open", words().undo, "U"), note(finding));
}

function note(finding) {
  const field = el("textarea", {
    rows: "1", maxlength: DATA.note_max, placeholder: words().noteHint,
    on: {
      change: (event) => putNote(finding.id, event.target.value.trim()),
      keydown: (event) => { if (event.key === "Escape") byId("stage").firstChild.focus(); },
    },
  });
  field.value = noteOf(finding.id);
  return el("label", { class: "note" }, el("span", {}, words().note), field);
}

function showDecision(id) {
  const node = byId("stage").firstChild;
  const decision = decisionOf(id);
  node.dataset.decision = decision;
  node.querySelector(".badge").textContent = `${id} · ${words().decision[decision]}`;
  for (const button of node.querySelectorAll(".decide [data-decision]")) {
    if (button.dataset.decision === "open") button.disabled = decision === "open" && !state.history.length;
    else button.setAttribute("aria-pressed", String(button.dataset.decision === decision));
  }
}
