// What the page knows of the review. Where decisions are kept is the keeper's business: this browser, or a server.
const LANGUAGE_KEY = "proctor-review:language";
const FINDINGS = new Map(DATA.findings.map((finding) => [finding.id, finding]));
const RULES_OF = new Map(); // detector -> ids of the rules that read it and found something
for (const { detector, rule } of DATA.findings) {
  RULES_OF.set(detector, (RULES_OF.get(detector) || new Set()).add(rule));
}

const state = {
  language: "zh",
  current: null,
  order: "severity",
  filters: { severity: "", rule: "", view: "", decision: "" },
  decisions: {}, // finding id -> { decision, note, decided_at }
  history: [], // what `u` takes back: [[finding id, the entry before], ...]
  keys: true,
  allRows: DATA.findings.length === 0,
  kept: true,
};

function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch (error) {
    // Storage may be forbidden (private windows, local files): the page works without.
    state.kept = false;
    return null;
  }
}

function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch (error) {
    state.kept = false;
  }
}

function startState() {
  const asked = new URLSearchParams(location.hash.slice(1)).get("lang") || recall(LANGUAGE_KEY);
  const guess = (navigator.language || "zh").toLowerCase().startsWith("zh") ? "zh" : "en";
  state.language = asked === "zh" || asked === "en" ? asked : guess;
  state.decisions = { ...DATA.decisions, ...keeper.recall() };
}

function setLanguage(language) {
  state.language = language;
  remember(LANGUAGE_KEY, language);
}

const decisionOf = (id) => (state.decisions[id] ? state.decisions[id].decision : "open");
const noteOf = (id) => (state.decisions[id] ? state.decisions[id].note || "" : "");
const judged = () => DATA.findings.filter((finding) => decisionOf(finding.id) !== "open").length;

// Entries by finding id, null for none; what stood there before can be taken back in one go.
function putAll(entries, { takeBack = true } = {}) {
  if (takeBack) state.history.push(entries.map(([id]) => [id, state.decisions[id] || null]));
  for (const [id, entry] of entries) {
    if (entry) state.decisions[id] = entry;
    else delete state.decisions[id];
  }
  keeper.keep(entries.map(([id]) => id));
}

function decideAll(ids, decision) {
  const decided_at = new Date().toISOString();
  putAll(ids.map((id) => {
    const note = noteOf(id);
    return [id, decision === "open" && !note ? null : { decision, note, decided_at }];
  }));
}

function putNote(id, note) {
  if (note === noteOf(id)) return;
  const decision = decisionOf(id);
  const entry = decision === "open" && !note ? null : { decision, note, decided_at: new Date().toISOString() };
  putAll([[id, entry]], { takeBack: false });
}

// The findings whose entry was restored.
function takeBack() {
  const last = state.history.pop();
  if (last) putAll(last, { takeBack: false });
  return last ? last.map(([id]) => id) : [];
}

// Groups of findings in the order they are walked through, each with those that match the filters.
const RANK = Object.keys(GLYPHS);

function shownGroups() {
  const groups = DATA.groups.map((ids) => ({ ids, shown: ids.map((id) => FINDINGS.get(id)).filter(matches) }));
  const rank = (group) => (state.order === "severity" ? RANK.indexOf(group.shown[0].severity) : 0);
  return groups.filter((group) => group.shown.length)
    .sort((a, b) => rank(a) - rank(b) || a.shown[0].start_s - b.shown[0].start_s);
}

const shownIds = () => shownGroups().flatMap((group) => group.shown.map((finding) => finding.id));
const groupOf = (id) => DATA.groups.find((ids) => ids.includes(id));

function matches(finding) {
  const { severity, rule, view, decision } = state.filters;
  return (!severity || finding.severity === severity) && (!rule || finding.rule === rule)
    && (!view || finding.view === view) && (!decision || decisionOf(finding.id) === decision || state.justDecided.has(finding.id));
}

// A finding must not vanish under the hand that just decided on it: only when a filter is set anew.
state.justDecided = new Set();
