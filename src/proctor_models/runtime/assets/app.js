// Ties the parts together: what is current, what is decided, which key does what.
function renderAll() {
  document.documentElement.lang = languageCode(state.language);
  document.title = `${DATA.session.title[state.language]} · ${words().page}`;
  renderHeader();
  renderTimeline();
  renderFindings();
  renderSnapshots();
  renderToolbar();
  renderScores();
  renderFooter();
  applyFilters();
  setCurrent(state.current);
}

function switchLanguage(language) {
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
  state.current = id;
  for (const card of document.querySelectorAll(".card")) {
    if (card.id === id) card.setAttribute("aria-current", "true");
    else card.removeAttribute("aria-current");
  }
  markCurrent();
}

function select(id, { focus }) {
  const card = byId(id);
  if (card.hidden) clearFilters();
  setCurrent(id);
  if (focus) card.focus({ preventScroll: true });
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  card.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
  tip.hide();
}

function decideOn(id, decision) {
  setDecision(id, decision);
  refreshDecision(id);
}

function refreshDecision(id) {
  showDecision(id);
  showProgress();
  markCurrent();
  announce(words().decided(id, words().decision[decisionOf(id)]));
}

function step(by) {
  const shown = DATA.findings.filter((finding) => !byId(finding.id).hidden).map((finding) => finding.id);
  const next = shown[shown.indexOf(state.current) + by];
  if (next) select(next, { focus: true });
}

function undoLast() {
  const id = takeBack();
  if (!id) return;
  refreshDecision(id);
  select(id, { focus: true });
}

// Deciding by key goes on to the next finding; deciding by mouse stays, for the pointer is already there.
const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  c: () => decideByKey("confirmed"),
  d: () => decideByKey("dismissed"),
  u: undoLast,
};

function decideByKey(decision) {
  if (!state.current) return;
  decideOn(state.current, decision);
  step(1);
}

function onKey(event) {
  const typing = event.target.closest("select, textarea, dialog, input:not([type=checkbox])");
  const handler = KEYS[event.key];
  if (!handler || !state.keys || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  handler();
}

let resizing = 0;
function onResize() {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    renderTimeline();
    renderScores();
    applyFilters();
  }, 150);
}

startState();
startViewer();
renderAll();
document.addEventListener("keydown", onKey);
window.addEventListener("resize", onResize);
window.addEventListener("scroll", tip.hide, { passive: true });
