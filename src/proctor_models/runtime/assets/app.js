// Ties the parts together: what is current, and when what is drawn anew.
function renderAll() {
  document.documentElement.lang = languageCode(state.language);
  document.title = `${DATA.session.title[state.language]} · ${words().page}`;
  renderHeader();
  renderTimeline();
  renderToolbar();
  renderList();
  renderEvents();
  renderSnapshots();
  renderScores();
  renderFacts();
  renderFooter();
  setCurrent(state.current || firstToJudge());
}

// A review that was left is gone on with where it stopped.
function firstToJudge() {
  const ids = shownIds();
  return ids.find((id) => decisionOf(id) === "open") || ids[0] || null;
}

function switchLanguage(language) {
  keepNote();
  setLanguage(language);
  try {
    history.replaceState(null, "", `#lang=${language}`);
  } catch (error) {
    // Some browsers forbid this for local files; the choice is still remembered.
  }
  renderAll();
  document.querySelector(`.switch [lang="${languageCode(language)}"]`).focus();
}

function setCurrent(id) {
  const before = state.current;
  state.current = id;
  renderCard();
  for (const each of [before, id]) if (each) showInList(each);
  markShown();
  if (id) revealInList(id);
}

function select(id, { focus }) {
  if (!matches(FINDINGS.get(id))) clearFilters();
  keepNote();
  setCurrent(id);
  tip.hide();
  const shown = byId("stage").firstChild;
  if (focus) shown.focus({ preventScroll: true });
  const { top } = shown.getBoundingClientRect();
  const covered = parseFloat(getComputedStyle(document.documentElement).scrollPaddingTop) || 0;
  // The card stays where it is while a person judges: the page moves only where its head cannot be seen.
  if (top < covered - 1 || top > window.innerHeight / 3) shown.scrollIntoView({ block: "start" });
}

let resizing = 0;
let width = window.innerWidth;
function onResize() {
  if (window.innerWidth === width) return; // a phone's address bar comes and goes
  width = window.innerWidth;
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    keepNote();
    renderTimeline();
    renderScores();
    renderToolbar();
    renderList();
    setCurrent(state.current);
  }, 150);
}

// On paper every finding stands, not only the current one.
function fillPaper() {
  refill(byId("paper"), DATA.findings.map((finding) => {
    const made = card(finding);
    made.querySelector(".badge").textContent = `${finding.id} · ${words().decision[decisionOf(finding.id)]}`;
    made.dataset.decision = decisionOf(finding.id);
    made.querySelector("h3").removeAttribute("id");
    made.append(el("p", { class: "paper-note" }, noteOf(finding.id) && `${words().note}: ${noteOf(finding.id)}`));
    return made;
  }));
  drawAxes(byId("paper"));
}

startState();
startViewer();
renderAll();
document.addEventListener("keydown", onKey);
window.addEventListener("resize", onResize);
window.addEventListener("scroll", tip.hide, { passive: true });
window.addEventListener("beforeprint", fillPaper);
window.addEventListener("afterprint", () => refill(byId("paper")));
